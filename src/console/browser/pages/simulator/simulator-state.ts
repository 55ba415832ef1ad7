import { call } from "../../call.ts";
import { useResource } from "../../resource.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";

/** How the switches of the built-in gateway and bank stand; null for a real service in its place. */
export interface SimulatorState {
  readonly gateway: Switches | null;
  readonly bank: Switches | null;
  readonly cardGateway: boolean;
}

export type Switches = Readonly<Record<string, number>>;

const PATH = "/api/console/simulator";

export function useSimulatorState() {
  return useResource<SimulatorState>(PATH);
}

/** Sets all switches of one, and says how that went. @returns whether they were set */
export async function setSwitches(which: "gateway" | "bank", switches: Switches): Promise<boolean> {
  const result = await call(`${PATH}/${which}`, { method: "PUT", body: switches });
  if (result.kind === "ok") tell("good", t("simulator.set"));
  else tellFailure(result);
  return result.kind === "ok";
}
