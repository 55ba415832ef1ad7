import { expect, test } from "bun:test";
import {
  RESERVATION_STATUSES,
  RESERVATION_TRANSITIONS,
  reservationStatusNumber,
  reservationStatusOf,
} from "./reservation.ts";

test("the whole table of transitions", () => {
  const ways = Object.entries(RESERVATION_TRANSITIONS).map(([name, { from, to }]) => `${from} ${name} ${to}`);
  expect(ways).toEqual([
    "reserved order ordered",
    "reserved expire expired",
    "ordered sell sold",
    "ordered release released",
    "released retake ordered",
  ]);
});

test("what is sold or expired stays so", () => {
  const begins = Object.values(RESERVATION_TRANSITIONS).map(({ from }): string => from);
  expect(begins).not.toContain("sold");
  expect(begins).not.toContain("expired");
});

test("numbers and names belong together", () => {
  for (const status of RESERVATION_STATUSES) {
    expect(reservationStatusOf(reservationStatusNumber(status))).toBe(status);
  }
  expect(() => reservationStatusOf(5)).toThrow(RangeError);
});
