import { pacedLoad, warmUp } from "./load.ts";
import { cpuSeconds, THREAD_ROLES, type ThreadRole, threadUsages } from "./process-figures.ts";
import { type Running, settledCount, untilSettled } from "./processes.ts";

/** What a payment costs, by thread. */
export interface CpuPerPayment {
  readonly payments: number;
  readonly totalMicros: number;
  readonly microsByRole: Readonly<Record<ThreadRole, number>>;
  /** Of these, in the kernel. */
  readonly systemMicrosByRole: Readonly<Record<ThreadRole, number>>;
}

/** The load begins with one payment on each, which its answers do not count. */
const CONNECTIONS = 16;
const SETTLE_SECONDS_MAX = 60;

type Sums = Record<ThreadRole, { cpu: number; system: number }>;

/**
 * The CPU of a replica under an even load, until everything is settled. What the reading of the summary costs that
 * waits for it is in it: a few answers.
 */
export async function measureCpu(
  gateway: Running,
  perSecond: number,
  seconds: number,
): Promise<CpuPerPayment> {
  const url = `${gateway.url}/payments`;
  await settle(gateway, await warmUp(url, CONNECTIONS));
  const known = await settledCount(gateway.url);
  const [before, totalBefore] = [sumsOf(gateway.pid), cpuSeconds(gateway.pid)];
  const { answers } = await pacedLoad({ url, connections: CONNECTIONS, seconds, perSecond });
  const payments = answers.accepted + CONNECTIONS;
  await settle(gateway, known + payments);
  const [after, totalAfter] = [sumsOf(gateway.pid), cpuSeconds(gateway.pid)];
  const micros = (of: "cpu" | "system", role: ThreadRole) =>
    ((after[role][of] - before[role][of]) / payments) * 1e6;
  return {
    payments,
    totalMicros: ((totalAfter - totalBefore) / payments) * 1e6,
    microsByRole: byRole((role) => micros("cpu", role)),
    systemMicrosByRole: byRole((role) => micros("system", role)),
  };
}

async function settle({ url }: Running, count: number): Promise<void> {
  if ((await untilSettled(url, count, SETTLE_SECONDS_MAX)) === null) {
    throw new Error(`not all payments were settled within ${SETTLE_SECONDS_MAX} s`);
  }
}

function sumsOf(pid: number): Sums {
  const sums: Sums = byRole(() => ({ cpu: 0, system: 0 }));
  for (const { role, cpuSeconds: cpu, systemSeconds } of threadUsages(pid)) {
    sums[role].cpu += cpu;
    sums[role].system += systemSeconds;
  }
  return sums;
}

function byRole<T>(of: (role: ThreadRole) => T): Record<ThreadRole, T> {
  // Every role is listed in THREAD_ROLES, so every member is there.
  return Object.fromEntries(THREAD_ROLES.map((role) => [role, of(role)])) as Record<ThreadRole, T>;
}
