import type { BuiltInServer } from "../engine/built-in-server.ts";
import type { FieldError } from "../http/errors.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../http/read-result.ts";
import type { CardGatewaySimulator } from "../simulator/card-gateway.ts";
import type { ProcessorState } from "../simulator/processor-admin.ts";
import { FAULT_SHARES, type FaultSettings, type FaultShare } from "../simulator/processor-faults.ts";

/** The built-in upstreams that have switches, as they are called in the console. */
export const SWITCHED_NAMES = ["default", "fallback", "cardGateway", "gateway", "bank"] as const;
export type SwitchedName = (typeof SWITCHED_NAMES)[number];

export type SwitchedServers = Pick<
  BuiltInServer,
  "isBuiltIn" | "mockGateway" | "bank" | "processors" | "cardGateway"
>;

/** Every switch by its name: on or off, or a number. */
export type Switches = Readonly<Record<string, boolean | number>>;

/** What a switch may be set to: on and off, or numbers from 0 to a maximum, fractions only where said. */
type Range = "on-off" | { readonly max: number; readonly isWhole?: boolean };

/** The switches of one upstream, to look at and to change. */
interface Switchboard {
  readonly ranges: Readonly<Record<string, Range>>;
  readonly read: () => Switches;
  /** What is wrong with all of them together, or null. */
  readonly check: (wanted: Switches) => FieldError | null;
  readonly set: (wanted: Switches) => void;
}

/** Anything slower would outlive every demonstration. */
const DELAY_MAX_SECONDS = 600;
const SHARE = { max: 1 };
const SECONDS = { max: DELAY_MAX_SECONDS };
const MILLISECONDS = { max: DELAY_MAX_SECONDS * 1000, isWhole: true };
const FAULT_RANGES = Object.fromEntries(FAULT_SHARES.map((name) => [name, SHARE]));
/** Ten shares of 0.1 are a little more than 1 in doubles. */
const SHARE_TOLERANCE = 1e-9;

/** How the switches stand; null for what is not simulated here. */
export function readSwitches(servers: SwitchedServers): Readonly<Record<SwitchedName, Switches | null>> {
  const read = (name: SwitchedName) => boardOf(servers, name)?.read() ?? null;
  return {
    default: read("default"),
    fallback: read("fallback"),
    cardGateway: read("cardGateway"),
    gateway: read("gateway"),
    bank: read("bank"),
  };
}

/**
 * Sets the switches that the body names, all or none; the others stay, so that two who turn different ones do not
 * turn each other's back.
 * @returns null if the upstream is not simulated here
 */
export function changeSwitches(
  servers: SwitchedServers,
  name: SwitchedName,
  body: unknown,
): ReadResult<Switches> | null {
  const board = boardOf(servers, name);
  if (board === null) return null;
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const errors: FieldError[] = [];
  const wanted: Record<string, boolean | number> = { ...board.read() };
  for (const [path, range] of Object.entries(board.ranges)) {
    const value = fields[path];
    if (value === undefined) continue;
    if (fits(value, range)) wanted[path] = value;
    else errors.push({ path, message: describe(range) });
  }
  const together = errors.length > 0 ? null : board.check(wanted);
  if (together !== null) errors.push(together);
  if (errors.length > 0) return invalid(...errors);
  board.set(wanted);
  return valid(board.read());
}

function fits(value: unknown, range: Range): value is boolean | number {
  if (range === "on-off") return typeof value === "boolean";
  if (typeof value !== "number" || !(value >= 0 && value <= range.max)) return false;
  return range.isWhole !== true || Number.isInteger(value);
}

function describe(range: Range): string {
  if (range === "on-off") return "must be true or false";
  return `must be a ${range.isWhole === true ? "whole number" : "number"} from 0 to ${range.max}`;
}

function boardOf(servers: SwitchedServers, name: SwitchedName): Switchboard | null {
  if (!servers.isBuiltIn(name)) return null;
  switch (name) {
    case "default":
    case "fallback":
      return servers.processors && processorBoard(servers.processors[name].state);
    case "cardGateway":
      return servers.cardGateway && cardGatewayBoard(servers.cardGateway);
    case "gateway":
      return gatewayBoard(servers.mockGateway);
    case "bank":
      return bankBoard(servers.bank);
  }
}

function processorBoard(state: ProcessorState): Switchboard {
  return {
    ranges: { failure: "on-off", delayMs: MILLISECONDS, ...FAULT_RANGES },
    read: () => ({
      failure: state.failing,
      delayMs: Math.max(0, state.delayMs),
      ...sharesOf(state.faults.settings),
    }),
    check: checkFaults,
    set: (wanted) => {
      state.failing = wanted["failure"] === true;
      state.delayMs = numberOf(wanted, "delayMs");
      setFaults(state.faults, wanted);
    },
  };
}

function cardGatewayBoard(cardGateway: CardGatewaySimulator): Switchboard {
  const { switches } = cardGateway;
  return {
    ranges: { failure: "on-off", decline: "on-off", delayMs: MILLISECONDS, ...FAULT_RANGES },
    read: () => ({
      failure: switches.failing,
      decline: switches.declining,
      delayMs: Math.max(0, switches.delayMs),
      ...sharesOf(cardGateway.faults.settings),
    }),
    check: checkFaults,
    set: (wanted) => {
      switches.failing = wanted["failure"] === true;
      switches.declining = wanted["decline"] === true;
      switches.delayMs = numberOf(wanted, "delayMs");
      setFaults(cardGateway.faults, wanted);
    },
  };
}

function gatewayBoard(gateway: SwitchedServers["mockGateway"]): Switchboard {
  return {
    ranges: { errorShare: SHARE, lateShare: SHARE, lateSeconds: SECONDS },
    read: () => {
      const { errorShare, lateShare, lateMs } = gateway.options;
      return { errorShare, lateShare, lateSeconds: lateMs / 1000 };
    },
    check: (wanted) => checkSum(wanted, ["errorShare", "lateShare"]),
    set: (wanted) => {
      const [errorShare, lateShare] = [numberOf(wanted, "errorShare"), numberOf(wanted, "lateShare")];
      const okShare = Math.max(0, 1 - errorShare - lateShare);
      gateway.configure({ okShare, errorShare, lateShare, lateMs: numberOf(wanted, "lateSeconds") * 1000 });
    },
  };
}

function bankBoard(bank: SwitchedServers["bank"]): Switchboard {
  return {
    ranges: { approvalRate: SHARE, delayMinSeconds: SECONDS, delayMaxSeconds: SECONDS },
    read: () => {
      const { approvalRate, delayMinMs, delayMaxMs } = bank.options;
      return { approvalRate, delayMinSeconds: delayMinMs / 1000, delayMaxSeconds: delayMaxMs / 1000 };
    },
    check: (wanted) =>
      numberOf(wanted, "delayMinSeconds") > numberOf(wanted, "delayMaxSeconds")
        ? { path: "delayMinSeconds", message: "must be at most delayMaxSeconds" }
        : null,
    set: (wanted) =>
      bank.configure({
        approvalRate: numberOf(wanted, "approvalRate"),
        delayMinMs: numberOf(wanted, "delayMinSeconds") * 1000,
        delayMaxMs: numberOf(wanted, "delayMaxSeconds") * 1000,
      }),
  };
}

const checkFaults = (wanted: Switches) => checkSum(wanted, FAULT_SHARES);

function checkSum(wanted: Switches, names: readonly string[]): FieldError | null {
  const sum = names.reduce((total, name) => total + numberOf(wanted, name), 0);
  if (sum <= 1 + SHARE_TOLERANCE) return null;
  return { path: names.at(-1) ?? "", message: `must leave ${names.join(" + ")} at most 1` };
}

function sharesOf(settings: FaultSettings): Record<FaultShare, number> {
  // One entry per name of the list.
  return Object.fromEntries(FAULT_SHARES.map((name) => [name, settings[name]])) as Record<FaultShare, number>;
}

/** Only if a share changes: what is set begins with its seed anew. */
function setFaults(plan: ProcessorState["faults"], wanted: Switches): void {
  const { settings } = plan;
  if (FAULT_SHARES.every((name) => settings[name] === wanted[name])) return;
  const shares = FAULT_SHARES.map((name) => [name, numberOf(wanted, name)]);
  plan.settings = { ...settings, ...Object.fromEntries(shares) };
}

/** `wanted` has every switch of its board, each within its range. */
function numberOf(wanted: Switches, name: string): number {
  return Number(wanted[name]);
}
