import type { OverviewRecorder } from "./overview.ts";

/** A console that has the history asks for its last few steps only. */
const TAIL_POINTS_MAX = 10;

type Resolution = "second" | "minute";

/**
 * The history as the text of an answer. Ends of it, which every open console asks for in every second, are made once
 * per second; longer ones, asked for when a page is opened, each time anew: they are large, and seldom the same.
 */
export class OverviewTails {
  readonly #overview: OverviewRecorder;
  /** By resolution and points; of the step that was written last. */
  readonly #texts = new Map<string, string>();
  #ofStep = -1;

  constructor(overview: OverviewRecorder) {
    this.#overview = overview;
  }

  read(resolution: Resolution, points: number): string {
    if (points > TAIL_POINTS_MAX) return this.#make(resolution, points);
    // The minute that runs is written in every second, too.
    const { lastStep } = this.#overview.seconds;
    if (lastStep !== this.#ofStep) this.#texts.clear();
    this.#ofStep = lastStep;
    const key = `${resolution} ${points}`;
    const known = this.#texts.get(key) ?? this.#make(resolution, points);
    this.#texts.set(key, known);
    return known;
  }

  #make(resolution: Resolution, points: number): string {
    return JSON.stringify({ resolution, ...this.#overview.read(resolution, points) });
  }
}
