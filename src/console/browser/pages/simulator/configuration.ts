import { type CallResult, call } from "../../call.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";

/** What every built-in upstream begins with; without it, its administrator's calls are refused. */
const TOKEN = { "x-rinha-token": "123" };

/**
 * Changes one configuration of a built-in upstream and says how that went.
 * @param upstream its path here, such as `/processors/default`
 * @returns whether it was changed
 */
export async function configure(upstream: string, configuration: string, body: object): Promise<boolean> {
  const path = `${upstream}/admin/configurations/${configuration}`;
  return report(await call(path, { method: "PUT", body, headers: TOKEN }));
}

function report(result: CallResult<unknown>): boolean {
  if (result.kind === "ok") tell("good", t("simulator.set"));
  else tellFailure(result);
  return result.kind === "ok";
}
