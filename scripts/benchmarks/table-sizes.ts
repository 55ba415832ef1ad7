import { Database } from "bun:sqlite";

/** Tables that are smaller say nothing about growth. */
const BYTES_MIN = 64 * 1024;

/** Bytes of the pages of each larger table and index, largest first. */
export function bytesByTable(file: string): Record<string, number> {
  const sqlite = new Database(file, { readonly: true });
  const rows = sqlite
    .query<{ name: string; bytes: number }, [number]>(
      "SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name HAVING bytes >= ? ORDER BY bytes DESC",
    )
    .all(BYTES_MIN);
  sqlite.close();
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
}
