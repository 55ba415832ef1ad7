import { useMayChange } from "../../access.ts";
import { t } from "../../words/words.ts";
import { type Switches, setSwitches } from "./simulator-state.ts";
import { Slider } from "./slider.tsx";

export interface ShareSlider {
  readonly name: string;
  readonly label: string;
  readonly max: number;
  readonly step: number;
  readonly format: (value: number) => string;
}

interface SharePanelProps {
  readonly title: string;
  readonly which: "gateway" | "bank";
  /** Null: a real service. */
  readonly switches: Switches | null;
  readonly sliders: readonly ShareSlider[];
  readonly onChanged: () => void;
}

/** Sliders of a built-in upstream whose switches are set all together. */
export function SharePanel({ title, which, switches, sliders, onChanged }: SharePanelProps) {
  const disabled = !useMayChange();
  const change = async (name: string, value: number) => {
    const isSet = await setSwitches(which, { ...switches, [name]: value });
    if (isSet) onChanged();
    return isSet;
  };
  return (
    <section class="panel switches" aria-label={title}>
      <h2>{title}</h2>
      {switches === null ? (
        <p class="hint">{t("simulator.notBuiltIn")}</p>
      ) : (
        sliders.map(({ name, ...slider }) => (
          <Slider
            key={name}
            {...slider}
            value={switches[name] ?? 0}
            disabled={disabled}
            onValue={(value) => change(name, value)}
          />
        ))
      )}
    </section>
  );
}
