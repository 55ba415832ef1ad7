/** What main and the dispatch thread that has Redis tell each other of live events; cloned on the way. */
export type PeerCommand =
  /** Events of this replica, for whoever reads elsewhere: one JSON object each. */
  | { readonly kind: "publishEvents"; readonly events: readonly string[] }
  /** What somebody wants here. */
  | ({ readonly kind: "setInterest" } & PeerInterest)
  /** Results of account payments were committed. */
  | { readonly kind: "publishResults" };

export type PeerNews =
  | { readonly kind: "peerEvents"; readonly events: readonly string[] }
  /** What somebody wants at any other replica. */
  | ({ readonly kind: "peerInterest" } & PeerInterest)
  | { readonly kind: "peerResults" };

export interface PeerInterest {
  /** Somebody reads live events. */
  readonly events: boolean;
  /** Somebody waits for the result of an account payment. */
  readonly results: boolean;
}

export const NO_INTEREST: PeerInterest = { events: false, results: false };

export function isSameInterest(one: PeerInterest, other: PeerInterest): boolean {
  return one.events === other.events && one.results === other.results;
}
