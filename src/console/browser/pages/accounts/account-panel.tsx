import type { ComponentChildren } from "preact";
import type { CallResult } from "../../call.ts";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { FigureTile } from "../../components/figure-tile.tsx";
import { formatMoney } from "../../format.ts";
import { t } from "../../words/words.ts";
import type { Kind } from "./account-data.ts";
import { MoneyForm } from "./money-form.tsx";

interface AccountPanelProps<Row> {
  readonly kind: Kind;
  readonly id: string;
  readonly heading: ComponentChildren;
  /** Label and amount of what stands on top. */
  readonly figures: readonly (readonly [string, number])[];
  readonly onMoved: () => void;
  /** What has moved its money, the newest first. */
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** How the newest look at the rows failed, or null. */
  readonly failure: CallResult<unknown> | null;
}

/** A user's or a wallet's money, a form that moves some, and what has moved it. */
export function AccountPanel<Row>(props: AccountPanelProps<Row>) {
  const { kind, id, heading, figures, onMoved, rows, columns, keyOf, failure } = props;
  return (
    <section class="panel" aria-label={t(`accounts.${kind}`)}>
      {heading}
      <dl class="tiles">
        {figures.map(([label, amount]) => (
          <FigureTile key={label} label={label} value={formatMoney(amount)} />
        ))}
      </dl>
      <MoneyForm kind={kind} id={id} onMoved={onMoved} />
      {failure === null ? null : <Failure result={failure} />}
      {rows.length === 0 ? (
        <Empty icon="list" title={t("accounts.noEntries")} />
      ) : (
        <DataTable caption={t("accounts.entries")} columns={columns} rows={rows} keyOf={keyOf} />
      )}
    </section>
  );
}
