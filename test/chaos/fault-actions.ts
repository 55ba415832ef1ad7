import { Database } from "bun:sqlite";
import { FAULT_SHARES } from "../../src/simulator/processor-faults.ts";
import type { ChaosSet } from "./chaos-set.ts";
import type { Step } from "./fault-plan.ts";
import type { CardGatewayProcess } from "./upstreams.ts";

/** Ends a fault. */
export type Undo = () => Promise<void> | void;

/** Why a fault could not begin. */
export interface NotDone {
  readonly notDone: string;
}

const NOTHING: Undo = () => {};

/** Begins the fault of a step. @returns what ends it, or why it could not begin */
export async function beginFault(set: ChaosSet, step: Step): Promise<Undo | NotDone> {
  switch (step.track) {
    case "r1":
    case "r2":
    case "r3":
      return beginReplicaFault(set, step);
    case "redis":
      return beginRedisFault(set, step);
    case "default":
    case "fallback":
      return beginProcessorFault(set, step.track, step);
    case "card-gateway":
      return beginCardGatewayFault(set, step);
    case "payment-gateway":
      return beginPaymentGatewayFault(set, step);
    case "nginx":
      set.balancer.signal("SIGHUP");
      return NOTHING;
    case "storage":
      return beginStorageFault(set, step);
    case "clock":
      if (set.clock === null) return { notDone: "not possible here" };
      set.clock.set(step.fault === "ahead" ? step.strength : -step.strength);
      return () => set.clock?.set(0);
  }
}

async function beginReplicaFault(set: ChaosSet, { track, fault, strength }: Step): Promise<Undo | NotDone> {
  const replica = set.replica(track);
  switch (fault) {
    case "freeze":
    case "freeze-long":
      replica.signal("SIGSTOP");
      return () => replica.signal("SIGCONT");
    case "stop":
      await replica.end("SIGTERM");
      return () => replica.start();
    case "kill-recovery":
      await replica.end("SIGKILL");
      replica.start();
      await Bun.sleep(strength);
      await replica.end("SIGKILL");
      return () => replica.start();
    case "kill-behind-lock": {
      const lock = lockDatabase(set);
      if ("notDone" in lock) return lock;
      await Bun.sleep(strength);
      await replica.end("SIGKILL");
      lock.release();
      return () => replica.start();
    }
    default:
      await replica.end("SIGKILL");
      return () => replica.start();
  }
}

async function beginRedisFault({ redis }: ChaosSet, { fault, durationMs }: Step): Promise<Undo> {
  switch (fault) {
    case "freeze":
      redis.signal("SIGSTOP");
      return () => redis.signal("SIGCONT");
    case "flush":
      await redis.command("FLUSHALL");
      return NOTHING;
    case "pause":
      await redis.command(`CLIENT PAUSE ${durationMs} ALL`);
      return NOTHING;
    case "rewind":
      await redis.command("SAVE");
      return async () => {
        await redis.kill();
        await redis.restart("snapshot");
      };
    default:
      await redis.kill();
      return () => redis.restart();
  }
}

async function beginProcessorFault(
  { upstreams }: ChaosSet,
  name: "default" | "fallback",
  { fault, strength }: Step,
): Promise<Undo> {
  const processor = upstreams.processor(name);
  switch (fault) {
    case "slow":
      await processor.setDelay(strength);
      return () => processor.setDelay(0);
    case "fail":
      await processor.setFailure(true);
      return () => processor.setFailure(false);
    case "lie":
      await processor.setFaults({ ...lies(strength), alsoOnReads: strength > 60 });
      return () => processor.setFaults({});
    default:
      upstreams.programs[name].signal("SIGSTOP");
      return () => upstreams.programs[name].signal("SIGCONT");
  }
}

async function beginCardGatewayFault({ upstreams }: ChaosSet, { fault, strength }: Step): Promise<Undo> {
  const { cardGateway } = upstreams;
  const toggle = async (name: string, body: (isOn: boolean) => object): Promise<Undo> => {
    await cardGateway.set(name, body(true));
    return () => cardGateway.set(name, body(false));
  };
  switch (fault) {
    case "slow":
      return toggle("delay", (isOn) => ({ delay: isOn ? strength : 0 }));
    case "fail":
      return toggle("failure", (failure) => ({ failure }));
    case "decline":
      return toggle("decline", (decline) => ({ decline }));
    case "lie":
      return toggle("faults", (isOn) => (isOn ? lies(strength) : {}));
    default:
      return freeze(cardGateway);
  }
}

function freeze({ program }: CardGatewayProcess): Undo {
  program.signal("SIGSTOP");
  return () => program.signal("SIGCONT");
}

/** All five kinds alike; the seed makes the upstream's draws those of the plan. @param percent of the calls */
function lies(percent: number): object {
  const share = percent / 100 / FAULT_SHARES.length;
  return { ...Object.fromEntries(FAULT_SHARES.map((name) => [name, share])), seed: percent };
}

function beginPaymentGatewayFault({ upstreams }: ChaosSet, { fault, strength }: Step): Undo {
  const gateway = upstreams.paymentGateway;
  if (fault === "fail") gateway.trouble = { kind: "fail" };
  else if (fault === "slow") gateway.trouble = { kind: "slow", delayMs: strength };
  else gateway.trouble = { kind: "lie", share: strength / 100 };
  return () => {
    gateway.trouble = { kind: "none" };
  };
}

function beginStorageFault(set: ChaosSet, { fault }: Step): Undo | NotDone {
  if (fault === "full-disk") {
    if (set.storage.notTested !== null) return { notDone: "not possible here" };
    set.storage.fill();
    return () => set.storage.free();
  }
  const lock = lockDatabase(set);
  return "notDone" in lock ? lock : lock.release;
}

/** How long the other program tries to get the lock: the replicas hold it for milliseconds, a frozen one for seconds. */
const LOCK_TRY_MS = 300;

/** Another program that writes, and takes its time. */
function lockDatabase({ databaseFile }: ChaosSet): { readonly release: () => void } | NotDone {
  const database = new Database(databaseFile, { readwrite: true });
  try {
    database.run(`PRAGMA busy_timeout = ${LOCK_TRY_MS}`);
    database.run("BEGIN IMMEDIATE");
  } catch (error) {
    database.close();
    return { notDone: error instanceof Error ? error.message : String(error) };
  }
  const release = () => {
    database.run("ROLLBACK");
    database.close();
  };
  return { release };
}
