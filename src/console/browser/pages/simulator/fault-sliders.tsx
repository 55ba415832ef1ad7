import { useState } from "preact/hooks";
import { formatShare } from "../../format.ts";
import { faultName, t } from "../../words/words.ts";
import { configure } from "./configuration.ts";
import { Slider } from "./slider.tsx";

/** Ways in which a call goes wrong that no status tells. */
const FAULTS = [
  "loseAnswerShare",
  "hangShare",
  "resetShare",
  "garbageShare",
  "serverErrorWithMessageShare",
] as const;
type Faults = Readonly<Partial<Record<(typeof FAULTS)[number], number>>>;

interface FaultSlidersProps {
  /** The upstream's path here. */
  readonly upstream: string;
  readonly disabled: boolean;
}

/** Shares of calls with each fault. The upstream takes all of them at once; those not named are 0. */
export function FaultSliders({ upstream, disabled }: FaultSlidersProps) {
  const [faults, setFaults] = useState<Faults>({});
  const change = (faulty: Faults) => configure(upstream, "faults", faulty, () => setFaults(faulty));
  return (
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
          onValue={(share) => change({ ...faults, [fault]: share })}
        />
      ))}
    </details>
  );
}
