import { and, eq, gte, lte, type SQL } from "drizzle-orm";
import type { DeadLetterSourceName } from "../../domain/dead-letter.ts";
import { deadLetters } from "./table.ts";

/** Which open letters are meant; what is null does not matter. Times are ms since the epoch, both inclusive. */
export interface DeadLetterFilter {
  readonly source: DeadLetterSourceName | null;
  readonly code: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** The condition of a filter, for the open letters. */
export function conditionOf({ source, code, fromMs, toMs }: DeadLetterFilter): SQL | undefined {
  return and(
    eq(deadLetters.isOpen, 1),
    source === null ? undefined : eq(deadLetters.source, source),
    code === null ? undefined : eq(deadLetters.errorCode, code),
    fromMs === null ? undefined : gte(deadLetters.diedAtMs, fromMs),
    toMs === null ? undefined : lte(deadLetters.diedAtMs, toMs),
  );
}
