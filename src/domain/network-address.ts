/**
 * IP addresses and networks as text, RFC 4291 and RFC 4632. An address is its eight groups of 16 bits; one of
 * version 4 is written as version 6 writes it (::ffff:a.b.c.d), so that both spellings are the same address.
 */
export type AddressGroups = readonly number[];

export interface Network {
  readonly groups: AddressGroups;
  /** How many of the 128 bits, from the left, an address must share to be inside. */
  readonly bits: number;
}

const GROUPS = 8;
const GROUP_BITS = 16;
/** The bits before an IPv4 address that is written as IPv6. */
const MAPPED_BITS = 96;
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/** The groups of an address, `203.0.113.7` or `2001:db8::7`; null if it is none. Brackets and ports are none. */
export function parseAddress(text: string): AddressGroups | null {
  if (!text.includes(":")) {
    const tail = parseVersion4(text);
    return tail === null ? null : [...MAPPED, ...tail];
  }
  const [head = "", rest, ...more] = text.split("::");
  if (more.length > 0) return null;
  const left = parseGroups(head, rest === undefined);
  const right = rest === undefined ? [] : parseGroups(rest, true);
  if (left === null || right === null) return null;
  const missing = GROUPS - left.length - right.length;
  // "::" stands for one group at least.
  if (rest === undefined ? missing !== 0 : missing < 1) return null;
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

/** A network `10.0.0.0/8`, or one address; null if it is neither. Bits behind the prefix count for nothing. */
export function parseNetwork(text: string): Network | null {
  const [address = "", prefix, ...more] = text.split("/");
  const groups = more.length > 0 ? null : parseAddress(address);
  if (groups === null) return null;
  if (prefix === undefined) return { groups, bits: GROUPS * GROUP_BITS };
  const offset = address.includes(":") ? 0 : MAPPED_BITS;
  const bits = /^\d{1,3}$/.test(prefix) ? offset + Number(prefix) : Number.NaN;
  return bits <= GROUPS * GROUP_BITS ? { groups, bits } : null;
}

/** Whether an address lies in a network. */
export function contains({ groups, bits }: Network, address: AddressGroups): boolean {
  for (let index = 0; index * GROUP_BITS < bits; index++) {
    const shared = Math.min(GROUP_BITS, bits - index * GROUP_BITS);
    const difference = (groups[index] ?? 0) ^ (address[index] ?? 0);
    if (difference >>> (GROUP_BITS - shared) !== 0) return false;
  }
  return true;
}

/**
 * The name under which one subscriber is counted: an IPv4 address, or the 64 bits before an IPv6 interface,
 * because whoever has one IPv6 address has the 2^64 beside it, too (RFC 6177).
 */
export function subscriberOf(address: AddressGroups): string {
  if (MAPPED.every((group, index) => address[index] === group)) {
    const [high = 0, low = 0] = address.slice(MAPPED.length);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const prefix = address.slice(0, GROUPS / 2).map((group) => group.toString(16));
  return `${prefix.join(":")}::/64`;
}

/** The groups between colons; at the end of an address the last may be an IPv4 address. */
function parseGroups(text: string, isEnd: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const tail = isEnd && index === parts.length - 1 && part.includes(".") ? parseVersion4(part) : undefined;
    if (tail === null) return null;
    if (tail !== undefined) groups.push(...tail);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups.length <= GROUPS ? groups : null;
}

/** The two groups of a dotted address. A leading zero is refused: some programs take it for octal. */
function parseVersion4(text: string): [number, number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(byteOf);
  return Number.isNaN(a + b + c + d) ? null : [(a << 8) | b, (c << 8) | d];
}

function byteOf(text: string): number {
  const value = Number(text);
  return value > 255 || String(value) !== text ? Number.NaN : value;
}
