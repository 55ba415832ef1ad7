import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with the value. */
  readonly problem?: string | undefined;
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly onText: (text: string) => void;
  readonly name?: string;
  readonly type?: "text" | "password" | "number" | "datetime-local";
  readonly inputMode?: "decimal" | "numeric";
  readonly placeholder?: string;
  readonly min?: number;
  readonly max?: number;
  /** False for ids and codes. */
  readonly spellcheck?: boolean;
}

/** A labelled input; its hint and its problem are read out with it. */
export function TextField({ label, hint, problem, onText, ...input }: TextProps) {
  const id = useId();
  const notes = describe(id, hint, problem);
  // Preact's type has a case for each `type` and cannot be told that one of several comes.
  const attributes = input as InputHTMLAttributes<HTMLInputElement>;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...attributes}
        id={id}
        autocomplete="off"
        aria-invalid={problem !== undefined}
        {...notes.attributes}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      {notes.elements}
    </div>
  );
}

interface ChoiceProps extends FieldProps {
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChoice: (value: string) => void;
}

/** A labelled list to choose one of. */
export function ChoiceField({ label, hint, problem, options, onChoice, value }: ChoiceProps) {
  const id = useId();
  const notes = describe(id, hint, problem);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} {...notes.attributes} onChange={(event) => onChoice(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
      {notes.elements}
    </div>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  /** A promise of false: it was refused, and switches back. */
  readonly onSwitch: (checked: boolean) => unknown;
}

/** On or off. */
export function SwitchField({ label, checked, disabled = false, onSwitch }: SwitchProps) {
  const choose = async (input: HTMLInputElement) => {
    if ((await onSwitch(input.checked)) === false) input.checked = checked;
  };
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        disabled={disabled}
        onChange={(event) => void choose(event.currentTarget)}
      />
      <span>{label}</span>
    </label>
  );
}

function describe(id: string, hint: string | undefined, problem: string | undefined) {
  const text = problem ?? hint;
  if (text === undefined) return { attributes: {}, elements: null as ComponentChildren };
  return {
    attributes: { "aria-describedby": `${id}-note` },
    elements: (
      <p id={`${id}-note`} class={problem === undefined ? "hint" : "problem"}>
        {text}
      </p>
    ),
  };
}
