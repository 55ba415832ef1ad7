import { problem } from "./errors.ts";
import { KnownSecret } from "./same-secret.ts";

/**
 * Who may make an administrator's call (CONTRACTS, "Across all"):
 *
 *   ADMIN_OPEN=true          everybody (a load test's setting)
 *   ADMIN_TOKEN set          whoever sends it as a bearer token, from anywhere, and nobody else
 *   neither                  programs on this machine: the peer is loopback or a unix socket, nothing says that
 *                            the request was forwarded, and no page of another site made a browser send it
 */
export interface AdminSettings {
  /** `ADMIN_TOKEN`; null or undefined if none is configured. */
  readonly token?: string | null | undefined;
  /** `ADMIN_OPEN`. */
  readonly open?: boolean | undefined;
}

/** Where the request came from, as far as the server knows. */
export type Peer =
  | { readonly kind: "tcp"; readonly address: string }
  /** Only programs of this machine that may open the socket's file get there; a proxy sets a forwarding header. */
  | { readonly kind: "unix" }
  /** The connection is gone, or the request did not come through a server. */
  | { readonly kind: "unknown" };

export interface AdminRequest {
  readonly peer: Peer;
  /** Looks up a header of the request; null if it is not there. */
  readonly header: (name: string) => string | null;
}

export type AdminDecision =
  | { readonly allowed: true; readonly who: "open" | "token" | "loopback" | "unix-socket" }
  | {
      readonly allowed: false;
      readonly code: "ADMIN_TOKEN_REQUIRED" | "ADMIN_LOCAL_ONLY";
      /** A wrong token was sent; without it, none was. */
      readonly wrongToken: boolean;
    };

/** Set by proxies: the peer is then the proxy, and says nothing about who called. */
const FORWARDING_HEADERS = ["forwarded", "x-forwarded-for", "x-real-ip"] as const;

const LOCAL_ONLY: AdminDecision = { allowed: false, code: "ADMIN_LOCAL_ONLY", wrongToken: false };

export class AdminGuard {
  readonly #token: KnownSecret | null;
  readonly #open: boolean;

  constructor(settings: AdminSettings) {
    const { token } = settings;
    this.#token = token === undefined || token === null || token === "" ? null : new KnownSecret(token);
    this.#open = settings.open === true;
  }

  /** Decides about one request; pure, so that every case can be tested without a socket. */
  decide(request: AdminRequest): AdminDecision {
    const sent = bearerToken(request.header("authorization"));
    if (this.#token !== null) {
      if (sent !== null && this.#token.matches(sent)) return { allowed: true, who: "token" };
      if (!this.#open) return { allowed: false, code: "ADMIN_TOKEN_REQUIRED", wrongToken: sent !== null };
    }
    if (this.#open) return { allowed: true, who: "open" };
    return decideLocal(request);
  }

  /** The decision about a request that `server` received; null for a request that came without one. */
  decideFor(request: Request, server: Bun.Server<unknown> | null): AdminDecision {
    return this.decide({ peer: peerOf(request, server), header: (name) => request.headers.get(name) });
  }

  /**
   * The answer that refuses the call, or null if it is allowed.
   *
   * @example .post("/dlq/requeue", ({ request, server }) => guard.refuse(request, server) ?? requeue())
   */
  refuse(request: Request, server: Bun.Server<unknown> | null): Response | null {
    const decision = this.decideFor(request, server);
    if (decision.allowed) return null;
    if (decision.code === "ADMIN_LOCAL_ONLY") return problem(decision.code);
    // RFC 6750, 3: the error is named only if credentials came.
    const challenge = `Bearer realm="catraca"${decision.wrongToken ? ', error="invalid_token"' : ""}`;
    return problem(decision.code, { headers: { "www-authenticate": challenge } });
  }
}

/** The scheme's name may have any letter case (RFC 9110, 11.1). */
function bearerToken(authorization: string | null): string | null {
  const match = authorization === null ? null : /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] ?? null;
}

function decideLocal({ peer, header }: AdminRequest): AdminDecision {
  const isLocal = peer.kind === "unix" || (peer.kind === "tcp" && isLoopback(peer.address));
  if (!isLocal || FORWARDING_HEADERS.some((name) => header(name) !== null)) return LOCAL_ONLY;
  if (isFromAnotherSite(header("origin"), header("sec-fetch-site"), header("host"))) return LOCAL_ONLY;
  return { allowed: true, who: peer.kind === "unix" ? "unix-socket" : "loopback" };
}

/**
 * Browsers reach loopback, too, on behalf of any page. Only our own console may: the origin is the very host and
 * port of the request, and that host is this machine by name or number. The name matters because a foreign page
 * can let its own name lead to 127.0.0.1 (DNS rebinding) and is then "same-origin". No header of a browser at
 * all: a program.
 */
function isFromAnotherSite(origin: string | null, fetchSite: string | null, host: string | null): boolean {
  if (origin === null && fetchSite === null) return false;
  if (fetchSite !== null && fetchSite !== "same-origin" && fetchSite !== "none") return true;
  if (host === null || !isLoopbackHost(host)) return true;
  return origin !== null && origin !== `http://${host}` && origin !== `https://${host}`;
}

/** `localhost:9999`, `127.0.0.1`, `[::1]:9999`. */
function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || (/^[\d.]+$/.test(name) && isLoopback(name));
}

/** 127.0.0.0/8 and ::1 (RFC 6890), also as an IPv4 address inside IPv6. */
function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

/** Who is at the other end of the connection that a request came over. */
export function peerOf(request: Request, server: Bun.Server<unknown> | null): Peer {
  if (server === null) return { kind: "unknown" };
  const address = server.requestIP(request)?.address;
  if (address !== undefined && address !== "") return { kind: "tcp", address };
  // A server listens either on a port or on a unix socket, whose peers have no address.
  return server.port === undefined ? { kind: "unix" } : { kind: "unknown" };
}
