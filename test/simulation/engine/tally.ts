import type { Happenings } from "./books.ts";
import type { SimulationResult } from "./engine-simulation.ts";

/** What one seed was: a dense run of half a minute, or an hour in which little happens, is a different thing to have passed. */
export function describeRun({ seed, course, virtualMs, acknowledged, lives }: SimulationResult): string {
  const { stretch, replicas } = course;
  const kind = stretch === 1 ? "dense" : `stretched ${stretch.toFixed(0)} times`;
  return `seed ${seed}: ${kind}, ${replicas} replicas in ${lives} lives, ${(virtualMs / 1000).toFixed(0)} virtual s, ${acknowledged} payments acknowledged`;
}

/** What a number of seeds come to. */
export class Tally {
  runs = 0;
  #acknowledged = 0;
  #virtualMs = 0;
  #lives = 0;
  #denseRuns = 0;
  #denseMs = 0;
  #denseAcknowledged = 0;
  readonly #happenings: Record<keyof Happenings, number> = {
    holdsPosted: 0,
    holdsReleased: 0,
    reservationsSold: 0,
    reservationsExpired: 0,
    requeues: 0,
    attempts: 0,
  };
  readonly #cpuBefore = process.cpuUsage();

  add({ virtualMs, acknowledged, lives, course, happenings }: SimulationResult): void {
    this.runs++;
    this.#virtualMs += virtualMs;
    this.#acknowledged += acknowledged;
    this.#lives += lives;
    for (const [name, count] of Object.entries(happenings))
      this.#happenings[name as keyof Happenings] += count; // keys of Happenings
    if (course.stretch > 1) return;
    this.#denseRuns++;
    this.#denseMs += virtualMs;
    this.#denseAcknowledged += acknowledged;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** @param tookMs since the first seed */
  line(tookMs: number): string {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const cpuMs = (user + system) / 1000;
    const speed = (amount: number, ms: number) => (ms === 0 ? 0 : amount / ms).toFixed(0);
    return [
      `${this.runs} seeds, ${(this.#virtualMs / 3_600_000).toFixed(2)} virtual hours,`,
      `${this.#acknowledged} payments acknowledged, ${this.#lives} lives of replicas`,
      `(dense: ${this.#denseRuns} seeds, ${(this.#denseMs / 60_000).toFixed(0)} virtual min, ${this.#denseAcknowledged} payments):`,
      `${speed(this.#virtualMs, tookMs)} virtual s per s,`,
      `per s of CPU ${speed(this.#virtualMs, cpuMs)} virtual s and ${speed(this.#acknowledged * 1000, cpuMs)} payments`,
    ].join(" ");
  }

  happenings(): string {
    const { holdsPosted, holdsReleased, reservationsSold, reservationsExpired, requeues, attempts } =
      this.#happenings;
    return `withdrawals' holds: ${holdsPosted} posted, ${holdsReleased} released; reservations: ${reservationsSold} sold, ${reservationsExpired} expired; ${attempts} attempts at gateways; ${requeues} dead letters requeued`;
  }
}
