import { LIMITS } from "../config/limits.ts";
import type { Settings } from "../config/settings.ts";
import { clientOf } from "../domain/client-address.ts";
import { parseNetwork } from "../domain/network-address.ts";
import { RequestRate } from "../domain/request-rate.ts";
import { type Peer, peerOf } from "./admin-guard.ts";
import { problem } from "./errors.ts";

export type RateLimitSettings = Pick<Settings, "rateLimitPerSecond" | "rateLimitBurst" | "trustedProxies">;

/**
 * The gate that answers 429 to a client above its rate; undefined with `RATE_LIMIT_PER_SECOND=0`, so that a limit
 * that is off costs nothing. Each replica counts for itself: behind a balancer a client gets up to the rate at each.
 *
 * @param onRefused called for each 429; must not throw
 * @param now ms on a clock that never goes back
 */
export function limitRate(
  settings: RateLimitSettings,
  onRefused: () => void,
  now: () => number = () => performance.now(),
): ((request: Request, server: Bun.Server<unknown> | null) => Response | null) | undefined {
  const { rateLimitPerSecond: perSecond, rateLimitBurst: burst } = settings;
  if (perSecond === 0) return undefined;
  const rate = new RequestRate({ perSecond, burst, clients: LIMITS.rateLimitClients.value });
  const trusted = (settings.trustedProxies ?? "").split(",").flatMap((text) => parseNetwork(text) ?? []);
  // RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers: `burst` requests per the time that they take to come back.
  const policy = `"client";q=${burst};w=${Math.max(1, Math.round(burst / perSecond))}`;
  return (request, server) => {
    const client = clientOf(
      addressOf(peerOf(request, server)),
      request.headers.get("x-forwarded-for"),
      trusted,
    );
    const waitMs = rate.take(client, now());
    if (waitMs === 0) return null;
    onRefused();
    const seconds = String(Math.ceil(waitMs / 1000));
    return problem("RATE_LIMITED", {
      headers: {
        "retry-after": seconds,
        "ratelimit-policy": policy,
        ratelimit: `"client";r=0;t=${seconds}`,
      },
    });
  };
}

/** Null on a unix socket. Who has hung up already has no address, and is not believed what he forwards. */
function addressOf(peer: Peer): string | null {
  switch (peer.kind) {
    case "tcp":
      return peer.address;
    case "unix":
      return null;
    case "unknown":
      return "unknown";
  }
}
