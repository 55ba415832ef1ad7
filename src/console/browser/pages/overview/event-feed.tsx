import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../../cell.ts";
import { Empty } from "../../components/feedback.tsx";
import { formatCount, formatDuration, formatMoney, formatTime } from "../../format.ts";
import { connection, type LiveEvent, useLiveEvents } from "../../live-events.ts";
import { t } from "../../words/words.ts";

const EVENTS_MAX = 40;
/** Events come in bursts of hundreds: the list is drawn a few times per second, no more. */
const DRAW_EVERY_MS = 400;

interface KeyedEvent extends LiveEvent {
  readonly key: number;
}

/** What happens at this moment, newest first. */
export function EventFeed() {
  const [shown, setShown] = useState<readonly KeyedEvent[]>([]);
  const lost = useCell(connection) === "lost";
  const waiting = useRef<KeyedEvent[]>([]);
  const lastKey = useRef(0);
  useLiveEvents((event) => {
    waiting.current.push({ ...event, key: ++lastKey.current });
    if (waiting.current.length > EVENTS_MAX) waiting.current.shift();
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const news = waiting.current.splice(0).reverse();
      if (news.length > 0) setShown((before) => [...news, ...before].slice(0, EVENTS_MAX));
    }, DRAW_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="panel" aria-label={t("feed.title")}>
      <header>
        <h2 class="panel-title">{t("feed.title")}</h2>
        {lost ? <span class="sign warn">{t("feed.lost")}</span> : null}
      </header>
      {shown.length === 0 ? (
        <Empty icon="clock" title={t("feed.none")} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ol class="feed" tabIndex={0} aria-label={t("feed.title")}>
          {shown.map((event) => (
            <li key={event.key}>
              <time dateTime={event.at}>{formatTime(event.at)}</time>
              <b>{event.type}</b>
              <span>{describe(event)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function describe(event: LiveEvent): string {
  const { id, amount, processor, outcome, code, status, state, latencyMs, counts, breaker } = event;
  if (counts !== undefined) {
    return Object.entries(counts)
      .map(([type, count]) => `+${formatCount(count)} ${type}`)
      .join(" · ");
  }
  const parts = [
    id === undefined ? null : String(id).slice(0, 8),
    amount === undefined ? null : formatMoney(amount),
    processor,
    outcome ?? status ?? state,
    code,
    breaker,
    latencyMs === undefined ? null : formatDuration(latencyMs),
  ];
  return parts.filter((part) => part !== null && part !== undefined).join(" · ");
}
