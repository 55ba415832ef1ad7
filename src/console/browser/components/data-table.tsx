import type { ComponentChildren } from "preact";

/** One column of a table, for all of its rows. */
export interface Column<Row> {
  readonly head: string;
  /** Numbers stand below each other. */
  readonly isNumber?: boolean;
  /** Further classes of a cell. */
  readonly style?: (row: Row) => string;
  readonly cell: (row: Row) => ComponentChildren;
}

interface DataTableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
}

/** A table that becomes a list of cards on a phone, each cell beside the head of its column. */
export function DataTable<Row>({ caption, columns, rows, keyOf }: DataTableProps<Row>) {
  return (
    <table class="cards">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ head, isNumber = false }) => (
            <th key={head} scope="col" class={isNumber ? "number" : ""}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ head, isNumber = false, style, cell }) => (
              <td
                key={head}
                data-label={head}
                class={`${isNumber ? "number " : ""}${style === undefined ? "" : style(row)}`}
              >
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
