/** How the names of a setting follow from its name in the environment. */

/** `MAX_HOLD_SECONDS` → `maxHoldSeconds`, in types. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<Name>;

/** `MAX_HOLD_SECONDS` → `maxHoldSeconds`, the same at run time. */
export function camelCase(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** `MAX_HOLD_SECONDS` → `--max-hold-seconds`. */
export function flagOf(name: string): string {
  return `--${name.toLowerCase().replaceAll("_", "-")}`;
}

/** Every name may carry this prefix, and then wins over the same name without it. */
export const NAME_PREFIX = "CATRACA_";

/** A variable that begins like this is meant for us: if it is no setting, it is a typing error. */
export const OWN_PREFIXES: readonly string[] = [
  NAME_PREFIX,
  "GATEWAY_",
  "MOCK_GATEWAY_",
  "BANK_",
  "ORDER_",
  "RESERVATION_",
  "ADMIN_",
  "PROCESSOR_",
];
