import type { Figure, Table } from "./figure.ts";
import type { Chart } from "./svg-chart.ts";

/** How much is done for a figure. */
export interface Effort {
  readonly rounds: number;
  /** Of each load. */
  readonly seconds: number;
  /** Only to see that it works: smaller data, fewer steps. */
  readonly isQuick: boolean;
  /** One line for whoever watches. */
  readonly say: (line: string) => void;
}

export interface Plot {
  /** Name of the file in docs/images, without .svg. */
  readonly file: string;
  /** What can be seen, for who cannot see it. */
  readonly alt: string;
  readonly chart: Chart;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  readonly tables?: readonly Table[];
  readonly plots?: readonly Plot[];
}

/** Figures that are measured together; what `--only` names. */
export interface Family {
  readonly name: string;
  /** What is measured, for --help. */
  readonly about: string;
  /** How long it takes with five rounds, for --help. */
  readonly seconds: number;
  /** Runs only when it is named. */
  readonly isOnDemand?: boolean;
  readonly run: (effort: Effort) => Promise<Outcome>;
}

/** Runs `round` as often as wanted, one after the other, and gathers what it returns. */
export async function repeat<T>({ rounds, say }: Effort, round: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < rounds; index++) {
    say(`round ${index + 1} of ${rounds}`);
    results.push(await round(index));
  }
  return results;
}
