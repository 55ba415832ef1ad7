import { useEffect, useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import { SwitchField } from "../../components/fields.tsx";
import { formatDuration } from "../../format.ts";
import type { ProcessorName, ReplicaState } from "../../replica-state.ts";
import { t } from "../../words/words.ts";
import { ProcessorSigns } from "../overview/processor-cards.tsx";
import { configure } from "./configuration.ts";
import { FaultSliders } from "./fault-sliders.tsx";
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
  const [delay, setDelay] = useSeen(health?.minResponseTimeMs ?? 0);
  const [failure, setFailure] = useSeen(health?.failing ?? false);
  const upstream = `/processors/${name}`;
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
        checked={failure}
        disabled={disabled}
        onSwitch={(on) => configure(upstream, "failure", { failure: on }, () => setFailure(on))}
      />
      <Slider
        label={t("simulator.delay")}
        value={delay}
        max={DELAY_MAX_MS}
        step={50}
        disabled={disabled}
        format={formatDuration}
        onValue={(value) => configure(upstream, "delay", { delay: value }, () => setDelay(value))}
      />
      <FaultSliders upstream={upstream} disabled={disabled} />
    </section>
  );
}

/** What was set here, until the service has seen something else (it looks every five seconds). */
function useSeen<Value>(seen: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(seen);
  useEffect(() => setValue(() => seen), [seen]);
  return [value, (next) => setValue(() => next)];
}
