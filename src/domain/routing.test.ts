import { describe, expect, test } from "bun:test";
import type { ProcessorName } from "./processor.ts";
import { cheaperProcessor, chooseRoute, type ProcessorView, type RoutingView } from "./routing.ts";

const quick: ProcessorView = {
  feeShare: 0.05,
  working: true,
  hasRoom: true,
  expectedOutageMs: 0,
  latencyMs: 5,
  inFlight: 0,
  capacityPerSecond: 1_500,
};

interface Situation extends Partial<Omit<RoutingView, "processors">> {
  readonly cheap?: Partial<ProcessorView>;
  readonly dear?: Partial<ProcessorView>;
}

/**
 * A minute after the start, 100 payments/s, so many paid that nothing is too much; both quick, `default` at 5 % and
 * `fallback` at 15 %.
 */
function route({ cheap, dear, ...view }: Situation): string {
  const { kind, ...rest } = chooseRoute({
    processors: { default: { ...quick, ...cheap }, fallback: { ...quick, feeShare: 0.15, ...dear } },
    backlog: 1,
    intakePerSecond: 100,
    intakeAgeMs: 60_000,
    intakeCount: 1_000_000,
    intakeSilent: false,
    paymentAgeMs: 0,
    maxHoldMs: 30_000,
    ...view,
  });
  return `${kind} ${Object.values(rest)[0]}`;
}

const down = (expectedOutageMs: number): Partial<ProcessorView> => ({ working: false, expectedOutageMs });

describe("both work", () => {
  test("the cheaper takes everything it has room for", () => {
    expect(route({})).toBe("go default");
    expect(route({ cheap: { feeShare: 0.15 }, dear: { feeShare: 0.05 } })).toBe("go fallback");
  });

  test("slow answers are worth it after a minute, but not at the very start, and never very slow ones", () => {
    expect(route({ cheap: { latencyMs: 2_000 } })).toBe("go default");
    expect(route({ cheap: { latencyMs: 2_000 }, intakeAgeMs: 1_000 })).toBe("go fallback");
    expect(route({ cheap: { latencyMs: 9_000 } })).toBe("go fallback");
  });

  test("the nearer the fees the less slowness is worth", () => {
    const near = { dear: { feeShare: 0.06 } };
    expect(route({ ...near, cheap: { latencyMs: 150 } })).toBe("go default");
    expect(route({ ...near, cheap: { latencyMs: 1_000 } })).toBe("go fallback");
  });

  test("with equal fees the quicker one wins", () => {
    expect(route({ cheap: { latencyMs: 100 }, dear: { feeShare: 0.05 } })).toBe("go fallback");
    expect(route({ dear: { feeShare: 0.05, latencyMs: 100 } })).toBe("go default");
  });
});

describe("the cheaper has no room", () => {
  const full = { hasRoom: false };

  test("payments queue while it takes more than comes in", () => {
    expect(route({ cheap: full, backlog: 200 })).toBe("hold default");
  });

  test("what is in excess goes to the dearer instead of piling up", () => {
    expect(route({ cheap: { ...full, latencyMs: 2_000, capacityPerSecond: 90 } })).toBe("go fallback");
  });

  test("so does a backlog that cannot be drained in time", () => {
    expect(route({ cheap: { ...full, capacityPerSecond: 200 }, backlog: 2_000 })).toBe("go fallback");
  });
});

describe("the cheaper is down", () => {
  test("payments are held as long as the fee is worth the wait", () => {
    expect(route({ cheap: down(7_500) })).toBe("hold default");
    expect(route({ cheap: down(7_700) })).toBe("go fallback");
  });

  test("longer the longer the load has gone on, less for a smaller difference", () => {
    expect(route({ cheap: down(9_000), intakeAgeMs: 300_000 })).toBe("hold default");
    expect(route({ cheap: down(3_000), dear: { feeShare: 0.08 } })).toBe("go fallback");
  });

  test("never past the hold limit while the dearer works", () => {
    const later = { cheap: down(5_000), intakeAgeMs: 3_600_000 };
    expect(route({ ...later, paymentAgeMs: 24_000 })).toBe("hold default");
    expect(route({ ...later, paymentAgeMs: 26_000 })).toBe("go fallback");
  });

  test("once the intake is silent everything goes where it is processed soonest", () => {
    expect(route({ cheap: down(500), intakeSilent: true })).toBe("go fallback");
  });

  test("with a dearer one that takes five seconds the wait for the cheaper may be longer", () => {
    expect(route({ cheap: down(9_000), dear: { latencyMs: 5_000 } })).toBe("hold default");
  });
});

describe("what is at stake", () => {
  // Half of what 10 of 95 cents were worth over 1,000 payments and the 500 of the next five seconds: 78.9 payments.
  const young = { intakeCount: 1_000 };

  test("no more payments wait for the cheaper one than all fees saved so far can bear", () => {
    expect(route({ ...young, cheap: down(1_000), backlog: 78 })).toBe("hold default");
    expect(route({ ...young, cheap: down(1_000), backlog: 79 })).toBe("go fallback");
    expect(route({ ...young, cheap: { hasRoom: false, inFlight: 64 }, backlog: 15 })).toBe("go fallback");
  });

  test("nor for its late answers, while the other answers sooner", () => {
    const slow = { latencyMs: 2_000 };
    expect(route({ ...young, cheap: { ...slow, inFlight: 78 } })).toBe("go default");
    expect(route({ ...young, cheap: { ...slow, inFlight: 79 } })).toBe("go fallback");
    expect(route({ ...young, cheap: { ...slow, inFlight: 79 }, dear: { latencyMs: 3_000 } })).toBe(
      "go default",
    );
    expect(route({ ...young, cheap: { latencyMs: 100, inFlight: 200 } })).toBe("go default");
  });

  test("the nearer the fees the less", () => {
    expect(route({ ...young, cheap: down(500), dear: { feeShare: 0.08 }, backlog: 20 })).toBe("hold default");
    expect(route({ ...young, cheap: down(500), dear: { feeShare: 0.08 }, backlog: 26 })).toBe("go fallback");
  });

  test("is nothing that the other processor could take", () => {
    expect(route({ ...young, cheap: down(1_000), dear: down(60_000), backlog: 5_000 })).toBe("hold default");
    expect(route({ ...young, cheap: down(1_000), dear: { hasRoom: false }, backlog: 500 })).toMatch(/^hold/);
  });
});

describe("the dearer is no way out", () => {
  test("both down: hold, however long it has been", () => {
    expect(route({ cheap: down(60_000), dear: down(60_000), paymentAgeMs: 90_000 })).toMatch(/^hold/);
  });

  test("the cheaper works but is very slow, the dearer has just failed: wait for the dearer a moment", () => {
    const slow = { latencyMs: 9_000 };
    expect(route({ cheap: slow, dear: down(200) })).toBe("hold fallback");
    expect(route({ cheap: slow, dear: down(20_000) })).toBe("go default");
    expect(route({ cheap: slow, dear: down(200), paymentAgeMs: 40_000 })).toBe("go default");
  });
});

test("the cheaper processor is decided by the fees alone", () => {
  const cases: [number, number, ProcessorName][] = [
    [0.05, 0.15, "default"],
    [0.15, 0.05, "fallback"],
    [0.1, 0.1, "default"],
  ];
  for (const [byDefault, fallback, expected] of cases) {
    expect(cheaperProcessor({ default: byDefault, fallback })).toBe(expected);
  }
});
