import type { ProcessorName } from "../domain/processor.ts";
import { uuidBytes } from "../domain/uuid.ts";
import { AccountPaymentQueries } from "../modules/account-payments/queries.ts";
import { ResultWaits } from "../modules/account-payments/result-waits.ts";
import { OverviewRecorder } from "../modules/console-api/overview.ts";
import { LiveEvents } from "../modules/events/live-events.ts";
import { BREAKER_STATES, type ProcessorCondition } from "../modules/events/processor-watch.ts";
import { queueState } from "../store/queue-state.ts";
import { knownReplicas } from "../store/replicas.ts";
import type { Replica } from "./replica.ts";
import { ResultHints } from "./result-hints.ts";

/** What main keeps for clients that stay connected: live events, and waits for results. */
export interface Live {
  readonly events: LiveEvents;
  readonly waits: ResultWaits;
  readonly accountPayments: AccountPaymentQueries;
  readonly overview: OverviewRecorder;
  /** Sends everybody away, because the replica stops. */
  readonly close: () => void;
}

/** Replicas come and go seldom: whether there are others is looked up once per so many ms. */
const PEERS_KNOWN_MS = 1000;

export function openLive(replica: Replica): Live {
  const { settings, feed, peers } = replica;
  const accountPayments = new AccountPaymentQueries(replica.reader);
  const waits = new ResultWaits({
    waitMs: settings.longPollSeconds * 1000,
    lastFinalSeq: () => accountPayments.lastFinalSeq(),
    finalsSince: (after, limit) => accountPayments.finalsSince(after, limit),
    find: (id) => accountPayments.find(uuidBytes(id)),
    onWaits: (isWanted) => hints.setWaits(isWanted),
    hasPeers: peerLookup(replica),
    hearsPeers: () => peers !== null && replica.state.redis === "ok",
  });
  const hints = new ResultHints({
    peers,
    onWaits: (isWanted) => events.setWaits(isWanted),
    lastFinalSeq: () => accountPayments.lastFinalSeq(),
  });
  const events = new LiveEvents({
    memory: feed,
    replica: settings.replicaId,
    processor: (name) => processorCondition(replica, name),
    onResults: () => {
      waits.look();
      hints.look();
    },
    ...(peers === null ? {} : { remote: peers }),
  });
  peers?.listen({
    onEvent: (json) => events.hub.publishRemote(json),
    onInterest: (interest) => {
      events.hub.setRemoteInterest(interest.events);
      hints.setPeerWaits(interest.results);
    },
    onResults: () => waits.look(),
  });
  const overview = new OverviewRecorder({
    metrics: replica.metrics,
    intakeFill: () => replica.intake.fillRatio,
    queue: () => queueState(replica.reader),
  });
  overview.start();
  return {
    events,
    waits,
    accountPayments,
    overview,
    close: () => {
      peers?.close();
      overview.stop();
      waits.close();
      events.close();
    },
  };
}

/** What this replica knows of a processor now. */
export function processorCondition({ state, metrics }: Replica, name: ProcessorName): ProcessorCondition {
  const health = state.health(name);
  return {
    breaker: BREAKER_STATES[metrics.read("breaker_state", name)] ?? "closed",
    failing: health?.failing ?? null,
    minResponseTimeMs: health?.minResponseTimeMs ?? null,
  };
}

function peerLookup({ reader, settings }: Replica): () => boolean {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let hasPeers = false;
  return () => {
    const now = performance.now();
    if (now - askedAtMs >= PEERS_KNOWN_MS) {
      askedAtMs = now;
      hasPeers = knownReplicas(reader, Date.now()).some(
        ({ name, isAlive }) => isAlive && name !== settings.replicaId,
      );
    }
    return hasPeers;
  };
}
