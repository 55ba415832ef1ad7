import type { ProcessorName } from "../../src/domain/processor.ts";
import type { Usage } from "./process-usage.ts";

/** A running set: balancer, replicas, Redis and the two processors, however it was started. */
export interface Deployment {
  /** For people: what runs, and under which limits. */
  readonly description: string;
  /** The balancer. */
  readonly url: string;
  readonly processorUrls: Readonly<Record<ProcessorName, string>>;
  /** Names of the replicas; empty when they are not ours to touch. */
  readonly replicas: readonly string[];
  /** CPU and memory of each part so far; empty where it cannot be seen. */
  usage(): readonly Usage[];
  /** SIGKILL, as the kernel does when memory runs out; resolves when the process is gone. */
  kill(replica: string): Promise<void>;
  /** SIGTERM; resolves with the exit code, null if it cannot be known. */
  stopReplica(replica: string): Promise<number | null>;
  /** Starts a replica that has ended; resolves when it is ready. */
  startReplica(replica: string): Promise<void>;
  /** What the parts have logged, for whoever looks why something failed. */
  logs(): string;
  /** Ends everything and removes its data. */
  close(): Promise<void>;
}

/** Waits until `url` answers 200, over a unix socket if one is given. Throws after `timeoutMs`. */
export async function untilReady(url: string, timeoutMs: number, unix?: string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = "no answer";
  for (;;) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.timeout(1_000),
        ...(unix === undefined ? {} : { unix }),
      });
      last = `${response.status} ${await response.text()}`;
      if (response.status === 200) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) throw new Error(`${url} was not ready in ${timeoutMs} ms: ${last}`);
    await Bun.sleep(50);
  }
}
