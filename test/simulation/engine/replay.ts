/** Plays one seed again, and nothing else. */
export function replayCommand(seed: number): string {
  return `SIMULATION_SEED=${seed} bun test test/simulation/engine`;
}
