import type { ComponentChildren } from "preact";
import { useMayChange } from "../../access.ts";
import { SwitchField } from "../../components/fields.tsx";
import { formatDuration, formatShare } from "../../format.ts";
import { faultName, t } from "../../words/words.ts";
import type { Switches, Turn, UpstreamName } from "./simulator-state.ts";
import { Slider } from "./slider.tsx";

interface SliderKind {
  readonly max: number;
  readonly step: number;
  readonly format: (value: number) => string;
}

export const SHARE: SliderKind = { max: 1, step: 0.05, format: formatShare };
export const MILLISECONDS: SliderKind = { max: 5000, step: 50, format: formatDuration };
export const secondsUpTo = (max: number, step: number): SliderKind => ({
  max,
  step,
  format: (value) => formatDuration(value * 1000),
});

/** Ways in which a call goes wrong that no status tells. */
const FAULTS = [
  "loseAnswerShare",
  "hangShare",
  "resetShare",
  "garbageShare",
  "serverErrorWithMessageShare",
] as const;

interface SwitchPanelProps {
  readonly upstream: UpstreamName;
  /** Null: a real service. */
  readonly switches: Switches | null;
  readonly turn: Turn;
  readonly title: string;
  /** What a reader of the screen calls it, if the title does not say enough. */
  readonly label?: string;
  /** Name and label of what is on or off. */
  readonly toggles?: readonly (readonly [string, string])[];
  /** Name, label and kind of what is slid. */
  readonly sliders: readonly (readonly [string, string, SliderKind])[];
  /** Signs beside the title. */
  readonly children?: ComponentChildren;
}

/** The switches of one built-in upstream. */
export function SwitchPanel(props: SwitchPanelProps) {
  const { upstream, switches, turn, title, label = title, toggles = [], sliders, children } = props;
  const disabled = !useMayChange();
  const slider = (name: string, text: string, kind: SliderKind, value: number) => (
    <Slider
      key={name}
      label={text}
      value={value}
      {...kind}
      disabled={disabled}
      onValue={(chosen) => turn(upstream, name, chosen)}
    />
  );
  return (
    <section class={`panel switches ${upstream}`} aria-label={label}>
      <header>
        <h2>{title}</h2>
        {children}
      </header>
      {switches === null ? (
        <p class="hint">{t("simulator.notBuiltIn")}</p>
      ) : (
        <>
          {toggles.map(([name, text]) => (
            <SwitchField
              key={name}
              label={text}
              checked={switches[name] === true}
              disabled={disabled}
              onSwitch={(on) => turn(upstream, name, on)}
            />
          ))}
          {sliders.map(([name, text, kind]) => slider(name, text, kind, Number(switches[name])))}
          {FAULTS.some((fault) => switches[fault] !== undefined) ? (
            <details>
              <summary>{t("simulator.faults")}</summary>
              <p class="hint">{t("simulator.faultsHint")}</p>
              {FAULTS.map((fault) => slider(fault, faultName(fault), SHARE, Number(switches[fault])))}
            </details>
          ) : null}
        </>
      )}
    </section>
  );
}
