import type { Settings } from "../config/settings.ts";
import { createLogger } from "../log/logger.ts";
import { sleepAt } from "../ring/sleep.ts";
import { type Durability, openWriter } from "../store/database.ts";
import { attachBells, type EngineMemory } from "./engine-memory.ts";
import { compileLater } from "./engine-options.ts";
import { type OpenStore, openStore } from "./open-store.ts";
import { SharedState } from "./shared-state.ts";

/** What main sends to start this thread, and what it hears back: once, before the loop begins. */
export interface StoreStart {
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly intakePath: string;
}
export type StoreStarted =
  | { readonly kind: "ready"; readonly durability: Durability; readonly recovered: number }
  | { readonly kind: "failed"; readonly message: string };

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<StoreStart>) => {
  const { settings, memory, intakePath } = data;
  compileLater();
  const log = createLogger({ level: settings.logLevel, thread: "store", replica: settings.replicaId });
  const bells = attachBells(memory);
  sleepAt(bells.storeSleep);
  let store: OpenStore;
  try {
    const database = openWriter(settings.databaseFile, settings.durability);
    store = openStore({ database, settings, memory, bells, intakePath, log });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: "failed", message } satisfies StoreStarted);
    return;
  }
  const { durability, recovered } = store;
  self.postMessage({ kind: "ready", durability, recovered } satisfies StoreStarted);
  try {
    store.thread.run();
    store.end();
    new SharedState(memory.state).storeStopped = true;
    bells.main.ring();
  } catch (error) {
    // main hears of it, too, and ends the process; the reason stands only here.
    log.error("the store thread failed: this is a defect", { error });
    throw error;
  }
};
