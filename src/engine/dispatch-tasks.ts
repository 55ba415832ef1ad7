import type { Logger } from "../log/logger.ts";
import { encodeJson, FRAME_KINDS } from "../ring/frames.ts";
import type { RingProducer } from "../ring/ring-producer.ts";
import type { TaskResult } from "../store/module.ts";
import type { TaskKind } from "../store/task-kinds.ts";
import type { TaskCall, TaskCallOutcome } from "./batch-effects.ts";

/** Does the call of one kind of task; what it throws counts as an unknown outcome. */
export type TaskRunner = (call: TaskCall) => Promise<TaskResult>;
export interface DispatchTasksHooks {
  /** The last loss of the lease that the thread has heard of. */
  readonly fence: () => number;
  /** Called after an outcome was sealed in the ring, to publish it soon. */
  readonly onOutcome: () => void;
}
export type TaskRunners = Readonly<Partial<Record<TaskKind, TaskRunner>>>;

/**
 * The calls of every kind of task but payments. Each starts at once and waits for nobody: how many there can
 * be is bounded by the room that the store thread counts per kind. When to try again is decided there, too.
 */
export class DispatchTasks {
  readonly #runners: TaskRunners;
  readonly #outcomes: RingProducer;
  readonly #log: Logger;
  readonly #hooks: DispatchTasksHooks;
  /** Calls that are out, by task. */
  readonly #calls = new Map<number, TaskCall>();
  /** Outcomes that found the ring full; at most as many as there are calls. */
  readonly #unwritten: TaskCallOutcome[] = [];

  constructor(runners: TaskRunners, outcomes: RingProducer, log: Logger, hooks: DispatchTasksHooks) {
    this.#runners = runners;
    this.#outcomes = outcomes;
    this.#log = log;
    this.#hooks = hooks;
  }

  /** Calls that are out, or whose outcome is not in the ring yet. */
  get size(): number {
    return this.#calls.size + this.#unwritten.length;
  }

  start(call: TaskCall): void {
    this.#calls.set(call.taskId, call);
    const startedAt = performance.now();
    void this.#run(call).then((result) => {
      // Forgotten meanwhile: another replica has the task, and the store would ignore this outcome.
      if (this.#calls.get(call.taskId) !== call) return;
      this.#calls.delete(call.taskId);
      const { fence, onOutcome } = this.#hooks;
      const latencyMs = performance.now() - startedAt;
      this.#unwritten.push({ taskId: call.taskId, kind: call.kind, fence: fence(), latencyMs, ...result });
      this.flush();
      onOutcome();
    });
  }

  /** Seals the outcomes that found no room before. */
  flush(): void {
    for (;;) {
      const outcome = this.#unwritten[0];
      if (outcome === undefined) return;
      const payload = encodeJson(outcome);
      const at = this.#outcomes.begin(FRAME_KINDS.taskOutcome, payload.byteLength);
      if (at < 0) return;
      this.#outcomes.bytes.set(payload, at);
      this.#outcomes.end();
      this.#unwritten.shift();
    }
  }

  /** The lease was lost: neither calls nor outcomes are this replica's any more. */
  drop(): void {
    this.#calls.clear();
    this.#unwritten.length = 0;
  }

  /** Forgets all calls: their tasks are not this replica's any more. @returns the tasks */
  forget(): number[] {
    const ids = [...this.#calls.keys()];
    this.#calls.clear();
    return ids;
  }

  async #run(call: TaskCall): Promise<TaskResult> {
    const runner = this.#runners[call.kind];
    try {
      if (runner === undefined) throw new Error(`no runner for tasks of kind ${call.kind}`);
      return await runner(call);
    } catch (error) {
      this.#log.error("a task's call threw: this is a defect", {
        kind: call.kind,
        taskId: call.taskId,
        error,
      });
      return { outcome: { kind: "unknown", code: "internal_error" } };
    }
  }
}
