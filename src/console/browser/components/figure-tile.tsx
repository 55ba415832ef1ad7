import type { ComponentChildren } from "preact";

interface FigureTileProps {
  readonly label: string;
  readonly value: string;
  /** What belongs to the value: a second figure, a comparison. */
  readonly note?: ComponentChildren;
  readonly tone?: "warn" | undefined;
}

/** One figure that is read at a glance. */
export function FigureTile({ label, value, note, tone }: FigureTileProps) {
  return (
    <div class={`tile ${tone ?? ""}`}>
      <dt>{label}</dt>
      <dd class="tile-value">{value}</dd>
      {note === undefined ? null : <dd class="tile-note">{note}</dd>}
    </div>
  );
}
