/** The few shapes that plots are made of. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface TextOptions {
  readonly className?: string;
  readonly anchor?: "start" | "middle" | "end";
}

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { className, anchor = "start" } = options;
  const classes = className === undefined ? "" : ` class="${className}"`;
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}"${classes}>${escapeText(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return `<line class="${className}" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"/>`;
}

export type Point = readonly [x: number, y: number];

export function path(points: readonly Point[], className: string): string {
  const steps = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${fixed(x)} ${fixed(y)}`);
  return `<path class="${className}" d="${steps.join("")}"/>`;
}

export function dot([x, y]: Point, className: string): string {
  return `<circle class="${className}" cx="${fixed(x)}" cy="${fixed(y)}" r="3"/>`;
}

export function escapeText(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A step of 1, 2 or 5 times a power of ten, so that about four of them reach `max`. */
export function roundStep(max: number): number {
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

/** A number as an axis shows it. */
export function tick(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

const fixed = (value: number) => String(Math.round(value * 10) / 10);
