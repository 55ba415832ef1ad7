import { type AddressGroups, contains, type Network, parseAddress, subscriberOf } from "./network-address.ts";

/** What stands for a peer without an address: a program of this machine on the unix socket. */
export const LOCAL_CLIENT = "local";

/**
 * Who sent a request, as a name to count by.
 *
 * The peer, unless it is a trusted proxy: then the hop that the proxy added to `X-Forwarded-For`, its last one. If
 * that is a trusted proxy, too, the hop before it, and so on. What stands further left was written by the client
 * and is never believed. A peer on the unix socket is trusted: only who may open the file gets there, a proxy.
 *
 * @param peer address of the other end of the connection; null on a unix socket
 * @param forwardedFor the header `X-Forwarded-For`; null if there is none
 */
export function clientOf(
  peer: string | null,
  forwardedFor: string | null,
  trusted: readonly Network[],
): string {
  const peerAddress = peer === null ? null : parseAddress(peer);
  let client = peerAddress === null ? (peer ?? LOCAL_CLIENT) : subscriberOf(peerAddress);
  if (peer !== null && !isTrusted(peerAddress, trusted)) return client;
  let end = forwardedFor?.length ?? 0;
  while (end > 0 && forwardedFor !== null) {
    const comma = forwardedFor.lastIndexOf(",", end - 1);
    const hop = parseAddress(forwardedFor.slice(comma + 1, end).trim());
    // "unknown", or what no proxy writes: the last hop that is known answers for it.
    if (hop === null) return client;
    client = subscriberOf(hop);
    if (!isTrusted(hop, trusted)) return client;
    end = comma;
  }
  return client;
}

function isTrusted(address: AddressGroups | null, trusted: readonly Network[]): boolean {
  return address !== null && trusted.some((network) => contains(network, address));
}
