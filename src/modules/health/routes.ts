import { Elysia } from "elysia";
import { buildInfo } from "../../build-info.ts";
import { healthOf } from "../../engine/health.ts";
import type { Replica } from "../../engine/replica.ts";
import { queueState } from "../../store/queue-state.ts";

export interface HealthRoutesParts {
  readonly replica: Replica;
  readonly lifecycle: { readonly stopping: boolean };
}

const TAGS = ["Operations"];
const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What operators, balancers and Prometheus look at. */
export function healthRoutes({ replica, lifecycle }: HealthRoutesParts) {
  const startedAtMs = Date.now();
  return new Elysia({ name: "health" })
    .get(
      "/health/live",
      () => Response.json({ status: "ok", uptimeSeconds: Math.round((Date.now() - startedAtMs) / 1000) }),
      { detail: { tags: TAGS, summary: "The process answers" } },
    )
    .get("/health/ready", () => answerReady(replica, lifecycle.stopping), {
      detail: {
        tags: TAGS,
        summary: "This replica can do its work: database, queue, threads, disk",
        description: "503 with the same body when it cannot; `status` is then `stopping` or `unavailable`.",
      },
    })
    .get(
      "/metrics",
      () => {
        refreshGauges(replica);
        return new Response(replica.metrics.render({ ...buildInfo }), {
          headers: { "content-type": PROMETHEUS_TYPE },
        });
      },
      { detail: { tags: TAGS, summary: "Metrics in Prometheus' text format" } },
    );
}

function answerReady(replica: Replica, stopping: boolean): Response {
  const health = healthOf(replica, Date.now());
  const { ready, ...parts } = health;
  const status = stopping ? "stopping" : ready ? "ready" : "unavailable";
  const body = { status, durability: replica.durability, redis: replica.state.redis, ...parts };
  return Response.json(body, { status: status === "ready" ? 200 : 503 });
}

/** Gauges that nobody writes while nobody looks. */
function refreshGauges(replica: Replica): void {
  const { metrics } = replica;
  const queue = queueState(replica.reader);
  metrics.set("queue_depth", queue.depth);
  metrics.set("queue_oldest_seconds", queue.oldestMs === null ? 0 : (Date.now() - queue.oldestMs) / 1000);
  metrics.set("ring_fill", replica.intake.fillRatio, "intake");
  metrics.set("resident_memory", process.memoryUsage.rss());
  metrics.set("durability_mode", 1, replica.durability);
}
