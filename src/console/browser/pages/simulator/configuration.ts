import { call } from "../../call.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";

/** What every built-in upstream begins with; without it, its administrator's calls are refused. */
const TOKEN = { "x-rinha-token": "123" };

/**
 * Changes one configuration of a built-in upstream and says how that went.
 * @param upstream its path here, such as `/processors/default`
 * @param onSet called if it was changed
 * @returns whether it was changed
 */
export async function configure(
  upstream: string,
  configuration: string,
  body: object,
  onSet: () => void,
): Promise<boolean> {
  const path = `${upstream}/admin/configurations/${configuration}`;
  const result = await call(path, { method: "PUT", body, headers: TOKEN });
  if (result.kind !== "ok") {
    tellFailure(result);
    return false;
  }
  onSet();
  tell("good", t("simulator.set"));
  return true;
}
