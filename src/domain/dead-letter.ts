/** Where dead letters come from: the sections whose work can end badly for good (CONTRACTS, "Across all"). */
export const DEAD_LETTER_SOURCES = ["payments", "orders", "users", "account-payments", "wallets"] as const;
export type DeadLetterSourceName = (typeof DEAD_LETTER_SOURCES)[number];

export function isDeadLetterSource(text: string): text is DeadLetterSourceName {
  return DEAD_LETTER_SOURCES.some((name) => name === text);
}
