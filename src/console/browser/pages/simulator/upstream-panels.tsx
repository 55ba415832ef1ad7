import type { ProcessorName, ReplicaState } from "../../replica-state.ts";
import { t } from "../../words/words.ts";
import { ProcessorSigns } from "../overview/processor-cards.tsx";
import type { SimulatorState, Turn } from "./simulator-state.ts";
import { MILLISECONDS, SHARE, SwitchPanel, secondsUpTo } from "./switch-panel.tsx";

interface PanelProps {
  readonly switches: SimulatorState;
  readonly turn: Turn;
}

interface ProcessorPanelProps extends PanelProps {
  readonly name: ProcessorName;
  readonly state: ReplicaState;
}

/** The switches of one built-in processor, beside what the service has seen of it so far. */
export function ProcessorPanel({ name, state, switches, turn }: ProcessorPanelProps) {
  return (
    <SwitchPanel
      upstream={name}
      switches={switches[name]}
      turn={turn}
      title={name}
      label={t("processor.title", { name })}
      toggles={[["failure", t("simulator.fails")]]}
      sliders={[["delayMs", t("simulator.delay"), MILLISECONDS]]}
    >
      <ProcessorSigns state={state} name={name} />
    </SwitchPanel>
  );
}

/** The card gateway of the shop, the gateway of the users, the bank of the account payments. */
export function OtherUpstreams({ switches, turn }: PanelProps) {
  return (
    <div class="three-columns">
      <SwitchPanel
        upstream="cardGateway"
        switches={switches.cardGateway}
        turn={turn}
        title={t("simulator.cardGateway")}
        toggles={[
          ["failure", t("simulator.failsCharges")],
          ["decline", t("simulator.declines")],
        ]}
        sliders={[["delayMs", t("simulator.delay"), MILLISECONDS]]}
      />
      <SwitchPanel
        upstream="gateway"
        switches={switches.gateway}
        turn={turn}
        title={t("simulator.gateway")}
        sliders={[
          ["errorShare", t("simulator.errorShare"), SHARE],
          ["lateShare", t("simulator.lateShare"), SHARE],
          ["lateSeconds", t("simulator.lateBy"), secondsUpTo(10, 0.5)],
        ]}
      />
      <SwitchPanel
        upstream="bank"
        switches={switches.bank}
        turn={turn}
        title={t("simulator.bank")}
        sliders={[
          ["approvalRate", t("simulator.approval"), SHARE],
          ["delayMinSeconds", t("simulator.delayMin"), secondsUpTo(60, 1)],
          ["delayMaxSeconds", t("simulator.delayMax"), secondsUpTo(60, 1)],
        ]}
      />
    </div>
  );
}
