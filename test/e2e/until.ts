/**
 * Looks every few milliseconds until `look` gives something, and returns that; after `timeoutMs` it throws and
 * says what it waited for.
 *
 * @example const line = await until("the line with the url", 5_000, () => lines.find((line) => line.includes("url")));
 */
export async function until<Found>(
  what: string,
  timeoutMs: number,
  look: () => Found | undefined | false | null | Promise<Found | undefined | false | null>,
): Promise<Found> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await Bun.sleep(10);
  }
}
