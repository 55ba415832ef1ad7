import { simulateEngine } from "./engine-simulation.ts";

/** One core of scripts/simulate-many: simulates the seeds that it is sent, one after another. */
declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<{ readonly seed: number; readonly traceLinesMax: number }>) => {
  self.postMessage(simulateEngine(data.seed, { traceLinesMax: data.traceLinesMax }));
};
