import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { basename, dirname, join } from "node:path";
import { PARTITIONS, TOPICS } from "../../src/modules/topics/topics.ts";
import { renderChart } from "./chart.ts";
import { SoakLoad } from "./load.ts";
import { readOptions, type SoakOptions, USAGE } from "./options.ts";
import { describeFindings, describeMinute, renderReport } from "./report.ts";
import { controlGroupsOf, memoryKillsOf, type Sample, Sampler } from "./sampler.ts";
import { RETENTION, Subject } from "./subject.ts";
import { judge } from "./verdict.ts";

/** `scripts/soak`: starts, loads, looks every ten seconds, judges. */
const SAMPLE_MS = 10_000;
const SAMPLES_PER_LINE = 6;
const DRAIN_MS_MAX = 120_000;
/** Of the requests, less than this carry an Idempotency-Key: a fifth of those that create something. */
const KEYED_SHARE_MAX = 0.06;

const options = parse();
const subject = await Subject.start(options);
// One that is broken off leaves nothing running.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => void subject.close().finally(() => process.exit(2)));
}
let isBroken = true;
try {
  isBroken = await soak(subject, options);
} finally {
  await subject.close();
}
process.exit(isBroken ? 1 : 0);

function parse(): SoakOptions {
  try {
    const given = readOptions(process.argv.slice(2));
    if (given !== null) return given;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** @returns whether a limit was broken */
async function soak(subject: Subject, options: SoakOptions): Promise<boolean> {
  const limited =
    subject.unlimitedBecause === null
      ? `${options.memoryMegabytes} MB and ${options.cpus} CPUs, a control group of the kernel`
      : `none (${subject.unlimitedBecause}): RSS alone is judged`;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, Linux ${release()}, load ${loadavg()[0]?.toFixed(1)} at the start`;
  console.log(
    `${options.minutes} minutes at ${options.perSecond}/s, seed ${options.seed}; memory: ${limited}`,
  );
  console.log(machine);
  const date = new Date().toISOString().slice(0, 10);
  await fetch(`${subject.url}/`, { method: "POST" });

  const groups = controlGroupsOf(subject.pid);
  const { samples, load } = await run(subject, options);
  const drainSeconds = await drain(subject);
  const memoryKills = memoryKillsOf(groups);
  const exitCode = await subject.stop();
  const audit = await subject.audit();
  const unexpected = [...load.unexpected.values()].reduce((sum, count) => sum + count, 0);
  const findings = judge(samples, {
    wantedPerSecond: options.perSecond,
    sent: load.sent,
    givenUp: load.givenUp,
    busy: load.busy,
    unexpected,
    warmUpMinutes: options.warmUpMinutes,
    rowsMax: {
      idempotencyRecords: options.perSecond * KEYED_SHARE_MAX * RETENTION.idempotencySeconds,
      topicMessages:
        RETENTION.topicMessages * PARTITIONS.filter(({ topic }) => !TOPICS[topic].isKeptForEver).length,
    },
    drainSeconds,
    auditCode: audit.code,
    exitCode,
    memoryKills,
  });
  const version = Bun.spawnSync([options.binary, "version"]).stdout.toString().trim().split("\n")[0] ?? "";
  const { minutes, perSecond, memoryMegabytes, cpus: share, seed } = options;
  const command = `scripts/soak --minutes ${minutes} --rate ${perSecond} --memory-mb ${memoryMegabytes} --cpus ${share} --seed ${seed}`;
  const { bySection } = load;
  const lastLine = audit.output.split("\n").at(-1) ?? "";
  write(options.out, samples, (chart) =>
    renderReport(
      {
        date,
        machine,
        command,
        version,
        limited,
        samples,
        findings,
        bySection,
        unexpected: load.unexpected,
        audit: lastLine,
      },
      chart,
    ),
  );
  for (const [what, count] of load.unexpected) console.log(`unexpected: ${count} × ${what}`);
  if (audit.code !== 0) console.log(audit.output);
  console.log(`\n${describeFindings(findings)}\n\n${options.out} written`);
  return findings.some(({ isKept }) => isKept === false);
}

async function run(
  subject: Subject,
  { minutes, perSecond, seed }: SoakOptions,
): Promise<{ readonly samples: readonly Sample[]; readonly load: SoakLoad }> {
  const sampler = new Sampler(subject);
  const load = new SoakLoad(subject.url, perSecond, seed);
  const samples: Sample[] = [];
  const endAt = performance.now() + minutes * 60_000;
  for (let next = performance.now() + SAMPLE_MS; next <= endAt; next += SAMPLE_MS) {
    await Bun.sleep(Math.max(0, next - performance.now()));
    const sample = await unlessEnded(subject, () => sampler.look(load.look()));
    // It is dead: the verdict says so.
    if (sample === null) break;
    samples.push(sample);
    if (samples.length % SAMPLES_PER_LINE === 0) console.log(describeMinute(sample));
  }
  await load.stop();
  sampler.close();
  return { samples, load };
}

/** Waits until nothing is left to do; the seconds that took, null if it did not end. */
async function drain(subject: Subject): Promise<number | null> {
  const begun = performance.now();
  while (performance.now() - begun < DRAIN_MS_MAX && !subject.hasEnded) {
    const text = await unlessEnded(subject, async () => (await fetch(`${subject.url}/metrics`)).text());
    if (/^catraca_queue_depth 0$/m.test(text ?? "")) return (performance.now() - begun) / 1000;
    await Bun.sleep(200);
  }
  return null;
}

/** What `look` finds; null if the subject has ended, before or meanwhile. */
async function unlessEnded<Found>(subject: Subject, look: () => Promise<Found>): Promise<Found | null> {
  if (subject.hasEnded) return null;
  try {
    return await look();
  } catch (error) {
    // Connections break a moment before the system says that the process has ended.
    await Bun.sleep(1_000);
    if (subject.hasEnded) return null;
    throw error;
  }
}

function write(out: string, samples: readonly Sample[], render: (chart: string) => string): void {
  const images = join(dirname(out), "images");
  mkdirSync(images, { recursive: true });
  const chart = `${basename(out, ".md")}.svg`;
  writeFileSync(join(images, chart), renderChart(samples));
  writeFileSync(out, render(`images/${chart}`));
}
