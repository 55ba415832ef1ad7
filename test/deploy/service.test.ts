/**
 * deploy/install.sh and deploy/catraca.service on a machine that boots systemd, in a container: installed, used,
 * killed, stopped, removed. Needs a container engine (COMPOSE), privileged containers, and a Debian mirror.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canCompose, composeCommand } from "../../scripts/challenge/compose-deployment.ts";
import { PROJECT } from "../../scripts/challenge/compose-file.ts";
import { until } from "../e2e/until.ts";

const folder = join(import.meta.dir, "machine");
const missing = await bootMachine();
if (missing !== null)
  console.log(`NOT TESTED: deploy/install.sh and the unit on a machine with systemd: ${missing}`);

afterAll(() => {
  if (canCompose()) compose("down", "--volumes");
}, 60_000);

function compose(...command: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...composeCommand(), ...command], { cwd: folder });
  return { code: exitCode, output: `${stdout}${stderr}`.trim() };
}

/** Runs a shell command on the machine. */
function run(command: string): { readonly code: number; readonly output: string } {
  return compose("exec", "-T", "machine", "/bin/bash", "-c", command);
}

function output(command: string): string {
  const { code, output } = run(command);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
  return output;
}

/** Null when it runs, else why it does not. */
async function bootMachine(): Promise<string | null> {
  if (!canCompose()) return `"${composeCommand().join(" ")}" reaches no container engine`;
  if (!existsSync(join(PROJECT, "dist/catraca"))) return "dist/catraca is missing";
  const { code, output: said } = compose("up", "--detach", "--build");
  if (code !== 0) return `the machine cannot be built or started: ${said.split("\n").slice(-3).join(" ")}`;
  const isRunning = () => /running|degraded/.test(run("systemctl is-system-running").output);
  return await until("systemd", 20_000, isRunning).then(
    () => null,
    () => "systemd does not boot in a container here",
  );
}

const INSTALL = "/install/deploy/install.sh";
const POST = (id: string) => `exec 3<>/dev/tcp/127.0.0.1/9999
  body='{"correlationId":"${id}","amount":19.90}'
  printf 'POST /payments HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n%s' \${#body} "$body" >&3
  head -n 1 <&3`;
const GET = (path: string) => `exec 3<>/dev/tcp/127.0.0.1/9999
  printf 'GET ${path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3`;
const pid = () => Number(output("systemctl show --property MainPID --value catraca"));
const id = crypto.randomUUID();

test.if(missing === null)(
  "install.sh makes user, executable, unit and data directory, and the service runs",
  () => {
    expect(output(INSTALL)).toContain("is running");
    expect(output("systemctl is-active catraca; systemctl is-enabled catraca")).toBe("active\nenabled");
    expect(output("stat --format '%U %a' /var/lib/catraca /etc/catraca/catraca.env")).toBe(
      "catraca 750\nroot 640",
    );
    expect(output(`ps -o user= -p ${pid()} 2>/dev/null || stat --format %U /proc/${pid()}`).trim()).toBe(
      "catraca",
    );
    expect(output("systemd-analyze verify catraca.service")).toBe("");
    expect(output("systemd-analyze security --no-pager catraca | tail -n 1")).toMatch(/: [01]\.\d/);
  },
  60_000,
);

test.if(missing === null)("it is confined: system calls filtered, no rights, the system read-only", () => {
  const status = output(`cat /proc/${pid()}/status`);
  expect(status).toMatch(/^Seccomp:\s*2$/m);
  expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
  expect(status).toMatch(/^CapBnd:\s*0+$/m);
  expect(run(`nsenter --target ${pid()} --mount -- touch /usr/local/x`).code).not.toBe(0);
});

test.if(missing === null)(
  "it survives kill -9: what was acknowledged is there, and charged",
  async () => {
    expect(output(POST(id))).toContain("202");
    const before = pid();
    output(`kill -9 ${before}`);
    await until("the restart", 10_000, () => pid() !== before && run("catraca healthcheck").code === 0);
    await until("the payment to be settled", 10_000, () =>
      run(GET(`/payments/${id}`)).output.includes('"settled"'),
    );
  },
  40_000,
);

test.if(missing === null)(
  "installing again changes nothing: same process, same settings",
  () => {
    output("echo LOG_LEVEL=warn >> /etc/catraca/catraca.env");
    const before = pid();
    output(INSTALL);
    expect(pid()).toBe(before);
    expect(output("tail -n 1 /etc/catraca/catraca.env")).toBe("LOG_LEVEL=warn");
  },
  40_000,
);

test.if(missing === null)("an executable that does not run here replaces nothing", () => {
  const { code, output: said } = run(
    `echo nonsense > /tmp/bad && chmod +x /tmp/bad && ${INSTALL} --binary /tmp/bad`,
  );
  expect(code).not.toBe(0);
  expect(said).toContain("does not run on this machine");
  expect(run("catraca version").code).toBe(0);
});

test.if(missing === null)(
  "a stop is clean",
  () => {
    output("systemctl stop catraca");
    expect(output("systemctl show --property Result,ExecMainStatus catraca")).toBe(
      "Result=success\nExecMainStatus=0",
    );
  },
  30_000,
);

test.if(missing === null)(
  "--uninstall leaves data and settings, --purge nothing",
  () => {
    output(`${INSTALL} --uninstall`);
    expect(output("ls /var/lib/catraca")).toContain("catraca.db");
    expect(run("systemctl cat catraca").code).not.toBe(0);
    expect(run("ls /usr/local/bin/catraca").code).not.toBe(0);
    // Installed anew, it goes on with its data.
    output(INSTALL);
    expect(output(GET(`/payments/${id}`))).toContain('"settled"');
    output(`${INSTALL} --uninstall --purge`);
    expect(run("ls -d /var/lib/catraca").code).not.toBe(0);
    expect(run("getent passwd catraca").code).not.toBe(0);
  },
  60_000,
);
