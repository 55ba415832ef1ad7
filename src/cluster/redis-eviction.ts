/**
 * The eviction policy of a Redis that may delete keys without a time to live, out of `INFO memory`; null when ours
 * are safe (https://redis.io/docs/latest/develop/reference/eviction/).
 */
export function losesKeys(info: string): string | null {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const policy = field("maxmemory_policy");
  return Number(field("maxmemory")) > 0 && policy.startsWith("allkeys") ? policy : null;
}
