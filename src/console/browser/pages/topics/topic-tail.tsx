import { useState } from "preact/hooks";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { SwitchField } from "../../components/fields.tsx";
import { formatCount, formatDuration, formatMoment } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { linkTo } from "../../route.ts";
import { t } from "../../words/words.ts";
import type { Topic } from "./topics-page.tsx";

interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly time: string;
}

const MESSAGES_MAX = 50;
const TAIL_EVERY_MS = 1000;

interface TopicTailProps {
  readonly topic: Topic;
  /** Number of a partition, or "" for all. */
  readonly partition: string;
}

/** The newest messages of a topic, read again every second while "live" is on. */
export function TopicTail({ topic, partition }: TopicTailProps) {
  const [live, setLive] = useState(true);
  const query = `limit=${MESSAGES_MAX}${partition === "" ? "" : `&partition=${partition}`}`;
  const path = `/topics/${topic.name}/messages?${query}`;
  const { data, failure, reload } = useResource<{ readonly items: readonly Message[] }>(
    path,
    live ? TAIL_EVERY_MS : undefined,
  );
  return (
    <section class="panel" aria-label={t("topics.messages")}>
      <header class="panel-head">
        <h2 class="panel-title">{topic.name}</h2>
        <SwitchField label={t("topics.live")} checked={live} onSwitch={setLive} />
      </header>
      <PartitionLinks topic={topic} partition={partition} />
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      {data === null ? (
        failure === null && <Skeleton />
      ) : data.items.length === 0 ? (
        <Empty icon="inbox" title={t("topics.none")} />
      ) : (
        <ol class="messages">
          {data.items.map((message) => (
            <MessageEntry key={`${message.partition}.${message.offset}`} message={message} />
          ))}
        </ol>
      )}
    </section>
  );
}

function PartitionLinks({ topic, partition }: TopicTailProps) {
  return (
    <nav class="segments" aria-label={t("topics.partitions")}>
      <a href={linkTo("topics", topic.name)} aria-current={partition === ""}>
        {t("filter.any")}
      </a>
      {topic.partitions.map(({ partition: number, firstOffset, lastOffset, depth, oldestAgeSeconds }) => (
        <a
          key={number}
          href={linkTo("topics", topic.name, { partition: String(number) })}
          aria-current={partition === String(number)}
          title={`${firstOffset}–${lastOffset} · ${formatDuration((oldestAgeSeconds ?? 0) * 1000)}`}
        >
          #{number} <span class="soft">· {formatCount(depth)}</span>
        </a>
      ))}
    </nav>
  );
}

function MessageEntry({ message }: { readonly message: Message }) {
  const { partition, offset, key, value, headers, time } = message;
  return (
    <li>
      <details>
        <summary>
          <code class="soft">
            {partition}:{offset}
          </code>
          <b class="mono">{key ?? "–"}</b>
          <time dateTime={time}>{formatMoment(time)}</time>
        </summary>
        <pre>{JSON.stringify(value, null, 2)}</pre>
        {Object.keys(headers).length === 0 ? null : <pre>{JSON.stringify(headers, null, 2)}</pre>}
      </details>
    </li>
  );
}
