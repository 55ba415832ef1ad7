import { useEffect, useId, useState } from "preact/hooks";

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  readonly step: number;
  readonly format: (value: number) => string;
  readonly disabled?: boolean;
  /** Called when the hand lets go, not for every value on the way. A promise of false: it was refused, and slides back. */
  readonly onValue: (value: number) => unknown;
}

export function Slider({ label, value, max, step, format, disabled = false, onValue }: SliderProps) {
  const id = useId();
  const [shown, setShown] = useState(value);
  useEffect(() => setShown(value), [value]);
  const choose = async (chosen: number) => {
    if ((await onValue(chosen)) === false) setShown(value);
  };
  return (
    <div class="field slider">
      <label for={id}>
        {label} <output for={id}>{format(shown)}</output>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={max}
        step={step}
        value={shown}
        disabled={disabled}
        aria-valuetext={format(shown)}
        onInput={(event) => setShown(event.currentTarget.valueAsNumber)}
        onChange={(event) => void choose(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
