/**
 * Two-phase movements: money is set aside first, and what becomes of it is decided once.
 *
 *            post ────► posted     (money moved: at most what was held, the rest is free again)
 *   held ──► release ─► released   (nothing moved)
 *            expire ──► expired    (nothing moved, the time that was given is over)
 *
 * The three ends are final.
 */
export const HOLD_STATUSES = ["held", "posted", "released", "expired"] as const;

export type HoldStatus = (typeof HOLD_STATUSES)[number];
export type HoldDecision = "post" | "release" | "expire";

const ENDS = { post: "posted", release: "released", expire: "expired" } as const satisfies Record<
  HoldDecision,
  HoldStatus
>;

/** What a hold becomes, or null if that was decided before. */
export function decideHold(status: HoldStatus, decision: HoldDecision): HoldStatus | null {
  return status === "held" ? ENDS[decision] : null;
}
