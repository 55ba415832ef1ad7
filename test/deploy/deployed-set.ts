import { canCompose, composeCommand, startCompose } from "../../scripts/challenge/compose-deployment.ts";
import type { Deployment } from "../../scripts/challenge/deployment.ts";
import { startProcesses } from "../../scripts/challenge/process-deployment.ts";

/**
 * The set of compose.yml: in containers where COMPOSE (default: docker compose) reaches an engine, elsewhere the same
 * programs with the same settings and limits as processes. Says which of the two it was.
 */
export async function startSet(): Promise<Deployment> {
  if (canCompose()) {
    const set = await startCompose();
    console.log(`TESTED with ${set.description}`);
    return set;
  }
  const set = await startProcesses();
  const reason = `"${composeCommand().join(" ")}" reaches no container engine`;
  console.log(`NOT TESTED: Dockerfile and compose.yml (${reason}); instead ${set.description}`);
  return set;
}
