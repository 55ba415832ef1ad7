import { Elysia } from "elysia";
import type { BuiltInServer } from "../engine/built-in-server.ts";
import type { AdminGuard } from "../http/admin-guard.ts";
import { type FieldError, validationProblem } from "../http/errors.ts";

type SwitchedServers = Pick<BuiltInServer, "isBuiltIn" | "mockGateway" | "bank">;

/** What the built-in payment gateway does with a call; the rest of the shares is answered well. */
interface GatewaySwitches {
  readonly errorShare: number;
  readonly lateShare: number;
}

interface BankSwitches {
  readonly approvalRate: number;
  readonly delayMinSeconds: number;
  readonly delayMaxSeconds: number;
}

/** A bank slower than this would outlive every demonstration. */
const BANK_DELAY_MAX_SECONDS = 600;

/**
 * The switches of the built-in payment gateway and bank, for the console's simulator. (The processors and the card
 * gateway have switches of their own.) Changing one is an administrator's call.
 */
export function simulatorRoutes(servers: SwitchedServers, guard: AdminGuard) {
  const path = "/api/console/simulator";
  return new Elysia({ name: "console-simulator", detail: { hide: true } })
    .get(path, () => Response.json(viewOf(servers)))
    .put(
      `${path}/gateway`,
      ({ request, server, body }) => guard.refuse(request, server) ?? switchGateway(servers, body),
    )
    .put(
      `${path}/bank`,
      ({ request, server, body }) => guard.refuse(request, server) ?? switchBank(servers, body),
    );
}

/** How the switches stand; null for what is not simulated here. */
function viewOf(servers: SwitchedServers) {
  const { errorShare, lateShare } = servers.mockGateway.options;
  const { approvalRate, delayMinMs, delayMaxMs } = servers.bank.options;
  const gateway: GatewaySwitches = { errorShare, lateShare };
  const bank: BankSwitches = {
    approvalRate,
    delayMinSeconds: delayMinMs / 1000,
    delayMaxSeconds: delayMaxMs / 1000,
  };
  return {
    gateway: servers.isBuiltIn("gateway") ? gateway : null,
    bank: servers.isBuiltIn("bank") ? bank : null,
    cardGateway: servers.isBuiltIn("cardGateway"),
  };
}

function switchGateway(servers: SwitchedServers, body: unknown): Response {
  const errors: FieldError[] = [];
  const errorShare = readNumber(body, "errorShare", 1, errors);
  const lateShare = readNumber(body, "lateShare", 1, errors);
  if (errorShare + lateShare > 1 + SHARE_TOLERANCE) {
    errors.push({ path: "lateShare", message: "must leave errorShare + lateShare at most 1" });
  }
  if (errors.length > 0) return validationProblem(errors);
  servers.mockGateway.configure({ errorShare, lateShare, okShare: Math.max(0, 1 - errorShare - lateShare) });
  return Response.json(viewOf(servers));
}

function switchBank(servers: SwitchedServers, body: unknown): Response {
  const errors: FieldError[] = [];
  const approvalRate = readNumber(body, "approvalRate", 1, errors);
  const delayMinSeconds = readNumber(body, "delayMinSeconds", BANK_DELAY_MAX_SECONDS, errors);
  const delayMaxSeconds = readNumber(body, "delayMaxSeconds", BANK_DELAY_MAX_SECONDS, errors);
  if (delayMinSeconds > delayMaxSeconds) {
    errors.push({ path: "delayMinSeconds", message: "must be at most delayMaxSeconds" });
  }
  if (errors.length > 0) return validationProblem(errors);
  const delays = { delayMinMs: delayMinSeconds * 1000, delayMaxMs: delayMaxSeconds * 1000 };
  servers.bank.configure({ approvalRate, ...delays });
  return Response.json(viewOf(servers));
}

/** Ten shares of 0.1 are a little more than 1 in doubles. */
const SHARE_TOLERANCE = 1e-9;

/** A number from 0 to `max`; what is wrong goes to `errors`, and 0 comes back. */
function readNumber(body: unknown, name: string, max: number, errors: FieldError[]): number {
  // Whatever is not there, or no object at all, has no such number.
  const value = (body as Readonly<Record<string, unknown>> | null)?.[name];
  if (typeof value === "number" && value >= 0 && value <= max) return value;
  errors.push({ path: name, message: `must be a number from 0 to ${max}` });
  return 0;
}
