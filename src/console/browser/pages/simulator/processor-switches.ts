import { type CallResult, call } from "../../call.ts";
import type { ProcessorName } from "../../replica-state.ts";

/** The switches of a processor that is built in; the token is what such a processor begins with. */
const TOKEN = { "x-rinha-token": "123" };

interface Change<Value> {
  readonly config: string;
  readonly was: Value;
  readonly is: Value;
}

export function setDelay(name: ProcessorName, delay: number): Promise<CallResult<Change<number>>> {
  return configure(name, "delay", { delay });
}

export function setFailure(name: ProcessorName, failure: boolean): Promise<CallResult<Change<boolean>>> {
  return configure(name, "failure", { failure });
}

/** Shares of calls that go wrong in a way that no status tells; those not named are 0. */
export type Faults = Readonly<Partial<Record<FaultName, number>>>;

export const FAULTS = [
  "loseAnswerShare",
  "hangShare",
  "resetShare",
  "garbageShare",
  "serverErrorWithMessageShare",
] as const;
export type FaultName = (typeof FAULTS)[number];

export function setFaults(name: ProcessorName, faults: Faults): Promise<CallResult<Change<Faults>>> {
  return configure(name, "faults", faults);
}

function configure<Value>(name: ProcessorName, what: string, body: object) {
  const path = `/processors/${name}/admin/configurations/${what}`;
  return call<Change<Value>>(path, { method: "PUT", body, headers: TOKEN });
}
