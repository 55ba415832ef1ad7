import { buildInfo } from "../build-info.ts";
import type { HttpServer } from "../engine/http-server.ts";
import type { Replica } from "../engine/replica.ts";
import type { CommandContext } from "./command.ts";

const BUILT_IN = "built-in (nothing is charged for real)";

/** Says once, at the start, what runs where, what holds, and what is open to whom. */
export function printBanner({ settings, log }: CommandContext, replica: Replica, server: HttpServer): void {
  const { default: first, fallback, gateway } = server.upstreamUrls;
  const processors = server.builtIn ? BUILT_IN : { default: first, fallback };
  log.info(`catraca ${buildInfo.version} is ready`, {
    url: server.url,
    docs: server.url === null ? null : `${server.url}/docs`,
    replica: settings.replicaId,
    database: settings.databaseFile,
    durability:
      replica.durability === "power"
        ? "power: what is acknowledged survives a power loss"
        : "process: what is acknowledged survives kill -9, a power loss may cost the last moments",
    processors,
    paymentGateway: settings.paymentGatewayUrl === null ? BUILT_IN : gateway,
    cardGateway: settings.paymentsUrl === null ? BUILT_IN : settings.paymentsUrl,
    administration: administrationOf(settings),
    mode: settings.redisUrl === null ? "single replica" : "cluster",
    recovered: replica.recovered,
    readyInMs: Math.round(performance.now()),
  });
  if (settings.adminOpen) log.warn("ADMIN_OPEN is on: anybody who reaches this port may purge payments");
}

function administrationOf({ adminOpen, adminToken }: CommandContext["settings"]): string {
  if (adminOpen) return "open to everybody";
  return adminToken === null ? "from this machine only: ADMIN_TOKEN is not set" : "with the token";
}
