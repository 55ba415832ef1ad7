/** `catraca serve`: one replica, from the first look at its data to a clean stop. */
import { createServer, type HttpServer } from "../engine/http-server.ts";
import { openReplica, type Replica } from "../engine/replica.ts";
import { watchThreads } from "../engine/watchdog.ts";
import type { Logger } from "../log/logger.ts";
import { printBanner } from "./banner.ts";
import { type CommandContext, EXIT } from "./command.ts";

/** Serves until a signal or the death of a thread; the exit code says which. */
export async function run(context: CommandContext): Promise<number> {
  const { settings, log } = context;
  const ended = Promise.withResolvers<number>();
  const stopNow = stopOnSignals(log);

  const opened = await openReplica(settings, log, (thread, reason) => {
    log.error("a thread died; this process ends so that it is started again", { name: thread, reason });
    ended.resolve(EXIT.failure);
  });
  if (opened.kind === "refused") {
    log.error(opened.message);
    return EXIT.failure;
  }
  const { replica } = opened;
  const server = createServer(replica, log);
  if (server.kind === "refused") {
    log.error(server.message);
    await replica.stop(performance.now() + settings.shutdownSeconds * 1000);
    return EXIT.failure;
  }
  replica.startDispatch(server.upstreamUrls);
  const stopWatching = watchThreads(replica, log, (thread) => {
    log.error("a thread hangs; this process ends so that it is started again", { name: thread });
    ended.resolve(EXIT.failure);
  });
  printBanner(context, replica, server);

  void stopNow.then(() => ended.resolve(EXIT.ok));
  const code = await ended.promise;
  stopWatching();
  return code === EXIT.ok ? await stop(replica, server, log) : code;
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopOnSignals(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isStopping) {
        log.warn("second signal: stopping at once; what was acknowledged is in the intake log", { signal });
        process.exit(EXIT.failure);
      }
      isStopping = true;
      log.info("stopping", { signal });
      resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** The part of SHUTDOWN_SECONDS that requests in flight may take; dispatch and store share the rest. */
const ACCEPTING_SHARE = 0.2;

/** Stops taking requests, then ends what is in flight, within SHUTDOWN_SECONDS. */
async function stop(replica: Replica, server: HttpServer, log: Logger): Promise<number> {
  const startedAt = performance.now();
  const deadline = startedAt + replica.settings.shutdownSeconds * 1000;
  // A client that sends its request byte by byte must not use up the time of what was acknowledged.
  await server.stopAccepting(startedAt + replica.settings.shutdownSeconds * 1000 * ACCEPTING_SHARE);
  const clean = await replica.stop(deadline);
  await server.close();
  log.info("stopped", { clean, durationMs: Math.round(performance.now() - startedAt) });
  return clean ? EXIT.ok : EXIT.failure;
}
