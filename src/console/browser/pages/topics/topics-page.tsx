import { useCell } from "../../cell.ts";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { formatCount, formatDuration } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { linkTo, route } from "../../route.ts";
import { t } from "../../words/words.ts";
import { TopicTail } from "./topic-tail.tsx";

export interface Topic {
  readonly name: string;
  readonly partitions: readonly Partition[];
}

export interface Partition {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
}

const EVERY_MS = 2000;

/** All topics, and the messages of the chosen one as they come. */
export function TopicsPage() {
  const { subject, filters } = useCell(route);
  const { data, failure, reload } = useResource<{ readonly items: readonly Topic[] }>("/topics", EVERY_MS);
  const chosen = data?.items.find(({ name }) => name === subject);
  return (
    <>
      <PageHead title={t("topics.title")} intro={t("topics.intro")} />
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      {data === null ? (
        failure === null && <Skeleton rows={8} />
      ) : (
        <div class="two-columns wide-right">
          <section class="panel flush" aria-label={t("topics.title")}>
            <TopicTable topics={data.items} chosen={subject} />
          </section>
          {chosen === undefined ? (
            <section class="panel" aria-label={t("topics.messages")}>
              <Empty icon="list" title={t("topics.choose")} />
            </section>
          ) : (
            <TopicTail key={chosen.name} topic={chosen} partition={filters.get("partition") ?? ""} />
          )}
        </div>
      )}
    </>
  );
}

function TopicTable({
  topics,
  chosen,
}: {
  readonly topics: readonly Topic[];
  readonly chosen: string | null;
}) {
  return (
    <table>
      <caption class="visually-hidden">{t("topics.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("topics.name")}</th>
          <th scope="col" class="number">
            {t("topics.partitions")}
          </th>
          <th scope="col" class="number">
            {t("topics.depth")}
          </th>
          <th scope="col" class="number">
            {t("topics.oldest")}
          </th>
        </tr>
      </thead>
      <tbody>
        {topics.map(({ name, partitions }) => {
          const ages = partitions.map(({ oldestAgeSeconds }) => oldestAgeSeconds ?? 0);
          const depth = partitions.reduce((sum, partition) => sum + partition.depth, 0);
          return (
            <tr key={name} class={name === chosen ? "chosen" : ""}>
              <td>
                <a href={linkTo("topics", name)} aria-current={name === chosen}>
                  {name}
                </a>
              </td>
              <td class="number">{partitions.length}</td>
              <td class="number strong">{formatCount(depth)}</td>
              <td class="number nowrap">{depth === 0 ? "–" : formatDuration(Math.max(...ages) * 1000)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
