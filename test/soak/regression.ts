/** A straight line through points, by least squares. */
export interface Line {
  /** Of y per x. */
  readonly slope: number;
  /** Standard error of the slope: the true one lies within twice this of it, 19 times of 20. */
  readonly slopeError: number;
  readonly start: number;
}

/** Null for fewer than three points, or if all have the same x. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line | null {
  const count = points.length;
  if (count < 3) return null;
  const meanX = sum(points, ([x]) => x) / count;
  const meanY = sum(points, ([, y]) => y) / count;
  const spread = sum(points, ([x]) => (x - meanX) ** 2);
  if (spread === 0) return null;
  const slope = sum(points, ([x, y]) => (x - meanX) * (y - meanY)) / spread;
  const start = meanY - slope * meanX;
  const residual = sum(points, ([x, y]) => (y - start - slope * x) ** 2);
  return { slope, slopeError: Math.sqrt(residual / (count - 2) / spread), start };
}

function sum(
  points: readonly (readonly [number, number])[],
  of: (point: readonly [number, number]) => number,
): number {
  return points.reduce((total, point) => total + of(point), 0);
}
