import { stateName } from "../words/words.ts";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "good" | "bad" | "busy" | "plain";

/** Every state that a payment of any section can have, under the service's own name. */
const STATES: Readonly<Record<string, { readonly tone: Tone; readonly icon: IconName }>> = {
  pending: { tone: "busy", icon: "clock" },
  new: { tone: "busy", icon: "clock" },
  queued: { tone: "busy", icon: "clock" },
  processing: { tone: "busy", icon: "clock" },
  reserved: { tone: "busy", icon: "clock" },
  settled: { tone: "good", icon: "done" },
  completed: { tone: "good", icon: "done" },
  success: { tone: "good", icon: "done" },
  authorized: { tone: "good", icon: "done" },
  applied: { tone: "good", icon: "done" },
  paid: { tone: "good", icon: "done" },
  dead: { tone: "bad", icon: "cross" },
  failed: { tone: "bad", icon: "cross" },
  rejected: { tone: "bad", icon: "cross" },
  declined: { tone: "bad", icon: "cross" },
  unknown: { tone: "busy", icon: "clock" },
  refused: { tone: "plain", icon: "cross" },
};

/** The state of a payment: a sign, its name and a colour, so that it is never the colour alone. */
export function State({ name }: { readonly name: string }) {
  const { tone, icon } = STATES[name.toLowerCase()] ?? { tone: "plain", icon: "clock" };
  return (
    <span class={`state ${tone}`}>
      <Icon name={icon} />
      {stateName(name)}
    </span>
  );
}
