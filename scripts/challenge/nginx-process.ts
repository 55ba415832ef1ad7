import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./compose-file.ts";

/**
 * Writes this project's nginx.conf into `directory`, changed only in what differs without containers: where the
 * replicas are, a free port, and a directory of its own. Returns the command that runs it.
 * @param addresses by the name of the service, such as catraca1 → 127.0.0.1:18001; sockets in `directory` without
 */
export function prepareNginx(
  directory: string,
  listen: string,
  addresses: ReadonlyMap<string, string> = new Map(),
): string[] {
  let text = readFileSync(join(PROJECT, "nginx.conf"), "utf8");
  for (const [name, address] of addresses) {
    text = replaceOnce(text, `server unix:/run/catraca/${name}.sock `, `server ${address} `);
  }
  text = replaceOnce(text, "listen 9999 ", `listen ${listen} `);
  text = text.replaceAll("/run/catraca/", `${directory}/`).replaceAll("/tmp/nginx", `${directory}/nginx`);
  // Started by root, nginx would change to a user that may not reach the sockets and the files here.
  if (process.getuid?.() === 0)
    text = replaceOnce(text, "worker_processes 1;", "worker_processes 1;\nuser root root;");
  const file = join(directory, "nginx.conf");
  writeFileSync(file, text);
  const program = Bun.which("nginx", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` });
  if (program === null) throw new Error("nginx is missing: apt-get install nginx");
  return [program, "-p", directory, "-c", file, "-e", "stderr", "-g", "daemon off;"];
}

function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`nginx.conf: expected "${from.trim()}" once`);
  return parts.join(to);
}
