import type { PeerLink } from "../cluster/peer-link.ts";

export interface ResultHintsParts {
  /** Null without other replicas to tell. */
  readonly peers: Pick<PeerLink, "setWaits" | "publishResults"> | null;
  /** Hears whether results are waited for, here or elsewhere: the store thread rings for them then. */
  readonly onWaits: (isWanted: boolean) => void;
  readonly lastFinalSeq: () => number;
}

/** Hints for long polls at other replicas: while somebody waits there, results that are committed here are told. */
export class ResultHints {
  readonly #parts: ResultHintsParts;
  #isWantedHere = false;
  #isWantedElsewhere = false;
  #toldSeq = 0;

  constructor(parts: ResultHintsParts) {
    this.#parts = parts;
  }

  setWaits(isWanted: boolean): void {
    this.#isWantedHere = isWanted;
    this.#parts.onWaits(this.#isWantedHere || this.#isWantedElsewhere);
    this.#parts.peers?.setWaits(isWanted);
  }

  setPeerWaits(isWanted: boolean): void {
    this.#isWantedElsewhere = isWanted;
    this.#parts.onWaits(this.#isWantedHere || this.#isWantedElsewhere);
    this.look();
  }

  /** The store thread rang, perhaps for a result: a look at the newest one's number tells. */
  look(): void {
    if (!this.#isWantedElsewhere) return;
    const seq = this.#parts.lastFinalSeq();
    if (seq === this.#toldSeq) return;
    this.#toldSeq = seq;
    this.#parts.peers?.publishResults();
  }
}
