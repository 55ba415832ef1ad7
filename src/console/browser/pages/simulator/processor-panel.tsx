import { useEffect, useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import type { CallResult } from "../../call.ts";
import { SwitchField } from "../../components/fields.tsx";
import { formatDuration, formatShare } from "../../format.ts";
import type { ProcessorName, ReplicaState } from "../../replica-state.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { faultName, t } from "../../words/words.ts";
import { ProcessorSigns } from "../overview/processor-cards.tsx";
import {
  FAULTS,
  type FaultName,
  type Faults,
  setDelay,
  setFailure,
  setFaults,
} from "./processor-switches.ts";
import { Slider } from "./slider.tsx";

const DELAY_MAX_MS = 5000;

interface ProcessorPanelProps {
  readonly name: ProcessorName;
  readonly state: ReplicaState;
}

/** The switches of one built-in processor. */
export function ProcessorPanel({ name, state }: ProcessorPanelProps) {
  const mayChange = useMayChange();
  const { health, builtIn } = state.processors[name];
  const [delay, changeDelay] = useSeen(health?.minResponseTimeMs ?? 0);
  const [failing, changeFailing] = useSeen(health?.failing ?? false);
  const [faults, changeFaults] = useState<Faults>({});
  const applyFault = async (fault: FaultName, share: number) => {
    const changed = { ...faults, [fault]: share };
    if (report(await setFaults(name, changed))) changeFaults(changed);
  };
  const disabled = !mayChange || !builtIn;
  return (
    <section class={`panel switches ${name}`} aria-label={t("processor.title", { name })}>
      <header>
        <h2>{name}</h2>
        <ProcessorSigns state={state} name={name} />
      </header>
      {builtIn ? null : <p class="hint">{t("simulator.notBuiltIn")}</p>}
      <SwitchField
        label={t("simulator.fails")}
        checked={failing}
        disabled={disabled}
        onSwitch={async (on) => {
          if (report(await setFailure(name, on))) changeFailing(on);
        }}
      />
      <Slider
        label={t("simulator.delay")}
        value={delay}
        max={DELAY_MAX_MS}
        step={50}
        disabled={disabled}
        format={formatDuration}
        onValue={async (value) => {
          if (report(await setDelay(name, value))) changeDelay(value);
        }}
      />
      <details>
        <summary>{t("simulator.faults")}</summary>
        <p class="hint">{t("simulator.faultsHint")}</p>
        {FAULTS.map((fault) => (
          <Slider
            key={fault}
            label={faultName(fault)}
            value={faults[fault] ?? 0}
            max={1}
            step={0.05}
            disabled={disabled}
            format={formatShare}
            onValue={(share) => void applyFault(fault, share)}
          />
        ))}
      </details>
    </section>
  );
}

/** What was set here, until the service has seen something else (it looks every five seconds). */
function useSeen<Value>(seen: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(seen);
  useEffect(() => setValue(() => seen), [seen]);
  return [value, (next) => setValue(() => next)];
}

function report(result: CallResult<unknown>): boolean {
  if (result.kind !== "ok") tellFailure(result);
  else tell("good", t("simulator.set"));
  return result.kind === "ok";
}
