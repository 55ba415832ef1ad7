import { Elysia } from "elysia";
import type { AdminGuard } from "../http/admin-guard.ts";
import { problem, validationProblem } from "../http/errors.ts";
import {
  changeSwitches,
  readSwitches,
  SWITCHED_NAMES,
  type SwitchedName,
  type SwitchedServers,
} from "./simulator-switches.ts";

/**
 * The switches of the built-in upstreams, for the console's simulator: how they stand is for everybody to see,
 * changing one is an administrator's call. The upstreams' own tokens are not needed for that, and no page gets them.
 */
export function simulatorRoutes(servers: SwitchedServers, guard: AdminGuard) {
  const path = "/api/console/simulator";
  const routes = new Elysia({ name: "console-simulator", detail: { hide: true } }).get(path, () =>
    Response.json(readSwitches(servers)),
  );
  for (const name of SWITCHED_NAMES) {
    routes.put(
      `${path}/${name}`,
      ({ request, server, body }) => guard.refuse(request, server) ?? answerChange(servers, name, body),
    );
  }
  return routes;
}

function answerChange(servers: SwitchedServers, name: SwitchedName, body: unknown): Response {
  const changed = changeSwitches(servers, name, body);
  if (changed === null) return problem("ROUTE_NOT_FOUND");
  if (changed.kind === "invalid") return validationProblem(changed.errors);
  return Response.json(readSwitches(servers));
}
