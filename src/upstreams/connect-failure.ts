import type { NotSentCode } from "./http-result.ts";

/** Why no connection came about; in none of these cases has the request been written. */
export type ConnectFailureCode = Extract<
  NotSentCode,
  "connect_refused" | "connect_timeout" | "unreachable" | "dns" | "tls_failed" | "connect_failed"
>;

/** The stable code for the error that a connect ended with (errno names, and those of getaddrinfo). */
export function connectFailureCode(error: Error): ConnectFailureCode {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return "connect_refused";
    case "ETIMEDOUT":
      return "connect_timeout";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return "unreachable";
    case "ENOTFOUND":
    case "ENODATA":
    case "ESERVFAIL":
      return "dns";
    default:
      if (code.startsWith("EAI_") || code.startsWith("DNS_")) return "dns";
      return "syscall" in error && error.syscall === "getaddrinfo" ? "dns" : "connect_failed";
  }
}
