import { describe, expect, test } from "bun:test";
import { contains, parseAddress, parseNetwork, subscriberOf } from "./network-address.ts";

const subscriber = (text: string) => {
  const address = parseAddress(text);
  return address === null ? null : subscriberOf(address);
};

describe("an address", () => {
  test.each([
    ["203.0.113.7", [0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7107]],
    ["::ffff:203.0.113.7", [0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7107]],
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
    ["2001:DB8::8:800:200c:417a", [0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a]],
    ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
  ])("%s", (text, groups) => {
    expect(parseAddress(text)).toEqual(groups);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4:80",
    "[::1]",
    "::1::",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7::8",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "1.2.3.4::",
    "fe80::1%eth0",
    "unknown",
    "localhost",
    " 1.2.3.4",
  ])("%p is none", (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe("a network", () => {
  test.each([
    ["10.0.0.0/8", "10.255.1.2", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.1.2.3/8", "10.9.9.9", true],
    ["192.0.2.64/26", "192.0.2.127", true],
    ["192.0.2.64/26", "192.0.2.128", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["0.0.0.0/0", "198.51.100.1", true],
    // All of version 4 is a part of version 6 only as the mapped addresses.
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "198.51.100.1", true],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ])("%s contains %s: %p", (network, address, expected) => {
    const parsed = parseNetwork(network);
    const groups = parseAddress(address);
    if (parsed === null || groups === null) throw new Error("the sample is none");
    expect(contains(parsed, groups)).toBe(expected);
  });

  test.each(["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "ten/8", "/8", ""])(
    "%p is none",
    (text) => {
      expect(parseNetwork(text)).toBeNull();
    },
  );
});

test("one subscriber is one IPv4 address, in either spelling, or one /64", () => {
  expect(subscriber("203.0.113.7")).toBe("203.0.113.7");
  expect(subscriber("::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(subscriber("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(subscriber("2001:db8:1:2:ffff::")).toBe("2001:db8:1:2::/64");
  expect(subscriber("2001:db8:1:3::")).not.toBe(subscriber("2001:db8:1:2::"));
});
