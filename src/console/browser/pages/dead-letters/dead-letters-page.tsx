import { useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import { useCell } from "../../cell.ts";
import { DataTable } from "../../components/data-table.tsx";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { ChoiceField, TextField } from "../../components/fields.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { More } from "../../components/more.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { ReadOnlyNote } from "../../components/read-only-note.tsx";
import { formatMoment } from "../../format.ts";
import { useListing } from "../../listing.ts";
import { linkTo, replaceFilters, route } from "../../route.ts";
import { sourceName, t } from "../../words/words.ts";
import { BulkDialog, type BulkSubject } from "./bulk-dialog.tsx";
import {
  type BulkAction,
  type DeadLetter,
  type DeadLetterFilter,
  listPath,
  readFilter,
  SOURCES,
} from "./dead-letter-data.ts";
import { DeadLetterPage } from "./dead-letter-page.tsx";
import { RunningJobs } from "./running-jobs.tsx";

/** What ended badly, in every section: the listing, or one letter. */
export function DeadLettersPage() {
  const { subject, filters } = useCell(route);
  const filter = readFilter(filters);
  return subject === null ? <Letters filter={filter} /> : <DeadLetterPage id={subject} filter={filter} />;
}

function Letters({ filter }: { readonly filter: DeadLetterFilter }) {
  const listing = useListing<DeadLetter>(listPath(filter));
  const { items, failure, loading, reload } = listing;
  const [subject, setSubject] = useState<BulkSubject | null>(null);
  const ask = (action: BulkAction) => setSubject({ kind: "question", action, filter });
  const mayChange = useMayChange();
  const isIdle = items.length === 0 || !mayChange;
  return (
    <>
      <PageHead title={t("dead.title")} intro={t("dead.intro")}>
        <div class="actions">
          <button type="button" class="button" disabled={isIdle} onClick={() => ask("requeue")}>
            {t("dead.requeueAll")}
          </button>
          <button type="button" class="button danger" disabled={isIdle} onClick={() => ask("discard")}>
            {t("dead.discardAll")}
          </button>
        </div>
      </PageHead>
      <ReadOnlyNote />
      <RunningJobs onShow={(job) => setSubject({ kind: "job", action: job.action, job })} onEnded={reload} />
      <LetterFilters filter={filter} />
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      <section class="panel flush" aria-label={t("dead.title")} aria-busy={loading}>
        {items.length > 0 ? (
          <LetterTable letters={items} filter={filter} />
        ) : loading ? (
          <Skeleton rows={6} />
        ) : failure === null ? (
          <Empty icon="done" title={t("dead.none")}>
            <p>{t("dead.noneHint")}</p>
          </Empty>
        ) : null}
        {items.length > 0 ? <More listing={listing} /> : null}
      </section>
      {subject === null ? null : (
        <BulkDialog
          subject={subject}
          onClose={() => {
            setSubject(null);
            reload();
          }}
        />
      )}
    </>
  );
}

function LetterFilters({ filter }: { readonly filter: DeadLetterFilter }) {
  const change = (part: Partial<DeadLetterFilter>) => replaceFilters({ ...filter, ...part });
  return (
    <FilterBar>
      <ChoiceField
        label={t("filter.source")}
        value={filter.source}
        options={[["", t("filter.any")], ...SOURCES.map((name) => [name, sourceName(name)] as const)]}
        onChoice={(source) => change({ source })}
      />
      <TextField label={t("filter.error")} value={filter.code} onText={(code) => change({ code })} />
      <TextField
        label={t("filter.from")}
        type="datetime-local"
        value={filter.from}
        onText={(from) => change({ from })}
      />
      <TextField
        label={t("filter.to")}
        type="datetime-local"
        value={filter.to}
        onText={(to) => change({ to })}
      />
    </FilterBar>
  );
}

interface LetterTableProps {
  readonly letters: readonly DeadLetter[];
  readonly filter: DeadLetterFilter;
}

function LetterTable({ letters, filter }: LetterTableProps) {
  return (
    <DataTable
      caption={t("dead.title")}
      rows={letters}
      keyOf={({ id }) => id}
      columns={[
        {
          head: t("label.id"),
          cell: ({ id }) => <a href={linkTo("dead-letters", String(id), { ...filter })}>#{id}</a>,
        },
        { head: t("filter.source"), cell: ({ source }) => sourceName(source) },
        { head: t("filter.error"), style: () => "mono", cell: ({ error }) => error.code },
        { head: t("dead.message"), cell: ({ error }) => error.message },
        { head: t("label.attempts"), isNumber: true, cell: ({ attempts }) => attempts },
        {
          head: t("dead.diedAt"),
          style: () => "nowrap",
          cell: ({ diedAt }) => <time dateTime={diedAt}>{formatMoment(diedAt)}</time>,
        },
      ]}
    />
  );
}
