import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./compose-file.ts";

/**
 * Writes this project's nginx.conf into `directory`, changed only in what differs without containers: addresses
 * instead of names, a free port, and files of its own. Returns the command that runs it.
 * @param addresses by the name of the service, such as catraca1 → 127.0.0.1:18001
 */
export function prepareNginx(
  directory: string,
  listen: string,
  addresses: ReadonlyMap<string, string>,
): string[] {
  mkdirSync(join(directory, "temp"), { recursive: true });
  let text = readFileSync(join(PROJECT, "nginx.conf"), "utf8");
  for (const [name, address] of addresses)
    text = replaceOnce(text, `server ${name}:9999 `, `server ${address} `);
  text = replaceOnce(text, "listen 9999 ", `listen ${listen} `);
  text = replaceOnce(text, "pid /tmp/nginx.pid;", `pid ${directory}/nginx.pid;`);
  // Started by root, nginx would change to a user that may not reach the replicas' sockets and the files here.
  if (process.getuid?.() === 0)
    text = replaceOnce(text, "worker_processes 1;", "worker_processes 1;\nuser root root;");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${directory}/temp/${name};`)
    .join("\n  ");
  text = replaceOnce(text, "http {\n", `http {\n  ${temporary}\n`);
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
