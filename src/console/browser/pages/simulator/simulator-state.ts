import { useState } from "preact/hooks";
import { call } from "../../call.ts";
import { useResource } from "../../resource.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";

export type UpstreamName = "default" | "fallback" | "cardGateway" | "gateway" | "bank";

/** Every switch of an upstream by its name. */
export type Switches = Readonly<Record<string, boolean | number>>;

/** How the switches of the built-in upstreams stand; null for a real service in its place. */
export type SimulatorState = Readonly<Record<UpstreamName, Switches | null>>;

/** Turns one switch and says how that went. @returns whether it was turned */
export type Turn = (upstream: UpstreamName, name: string, value: boolean | number) => Promise<boolean>;

const PATH = "/api/console/simulator";
/** Somebody else may turn them, too. */
const EVERY_MS = 2000;

/** The switches as the service says they stand. */
export function useSimulatorState() {
  const { data, failure, reload } = useResource<SimulatorState>(PATH, EVERY_MS);
  // The answer to a turn is newer than what was read before it, and older than what is read next.
  const [answer, setAnswer] = useState<{ readonly state: SimulatorState; readonly after: unknown } | null>(
    null,
  );
  const turn: Turn = async (upstream, name, value) => {
    const result = await call<SimulatorState>(`${PATH}/${upstream}`, {
      method: "PUT",
      body: { [name]: value },
    });
    if (result.kind !== "ok") {
      tellFailure(result);
      return false;
    }
    setAnswer({ state: result.data, after: data });
    // A read that is under way may not have seen the change.
    reload();
    tell("good", t("simulator.set"));
    return true;
  };
  return { switches: answer !== null && answer.after === data ? answer.state : data, failure, reload, turn };
}
