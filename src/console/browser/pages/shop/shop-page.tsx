import { useState } from "preact/hooks";
import { useCell } from "../../cell.ts";
import { Empty, Failure, Skeleton } from "../../components/feedback.tsx";
import { TextField } from "../../components/fields.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { formatCount, formatMoney } from "../../format.ts";
import { useResource } from "../../resource.ts";
import { goTo, linkTo, replaceFilters, route } from "../../route.ts";
import { tell, tellFailure } from "../../toasts.tsx";
import { t } from "../../words/words.ts";
import { BuyDialog } from "./buy-dialog.tsx";
import { OrderPanel } from "./order-panel.tsx";
import { fillCatalogue, type Product, productsPath } from "./shop-data.ts";

/** Stock falls when others buy, too. */
const EVERY_MS = 3000;

/** The catalogue, and the order that was made last or that the address names. */
export function ShopPage() {
  const { subject, filters } = useCell(route);
  const name = filters.get("name") ?? "";
  const { data, failure, reload } = useResource<readonly Product[]>(productsPath(name), EVERY_MS);
  const [chosen, setChosen] = useState<Product | null>(null);
  const fill = async () => {
    const result = await fillCatalogue();
    if (result.kind === "ok") tell("good", t("shop.filled"));
    else tellFailure(result);
    reload();
  };
  return (
    <>
      <PageHead title={t("shop.title")} intro={t("shop.intro")}>
        <button type="button" class="button" onClick={fill}>
          {t("shop.fill")}
        </button>
      </PageHead>
      {subject === null ? null : <OrderPanel key={subject} id={subject} />}
      <FilterBar>
        <TextField label={t("shop.search")} value={name} onText={(text) => replaceFilters({ name: text })} />
        <OrderFinder />
      </FilterBar>
      {failure === null ? null : <Failure result={failure} retry={reload} />}
      <section class="panel flush" aria-label={t("shop.products")}>
        {data === null ? (
          failure === null && <Skeleton rows={8} />
        ) : data.length === 0 ? (
          <Empty icon="box" title={t("shop.none")}>
            <p>{t("shop.noneHint")}</p>
          </Empty>
        ) : (
          <ProductTable products={data} onBuy={setChosen} />
        )}
      </section>
      {chosen === null ? null : (
        <BuyDialog
          product={chosen}
          onClose={() => setChosen(null)}
          onBought={(id) => {
            setChosen(null);
            goTo(linkTo("shop", id));
          }}
        />
      )}
    </>
  );
}

function OrderFinder() {
  const [id, setId] = useState("");
  return (
    <>
      <TextField label={t("shop.orderId")} value={id} onText={setId} />
      <button
        type="button"
        class="button"
        onClick={() => id.trim() !== "" && goTo(linkTo("shop", id.trim()))}
      >
        {t("accounts.open")}
      </button>
    </>
  );
}

interface ProductTableProps {
  readonly products: readonly Product[];
  readonly onBuy: (product: Product) => void;
}

function ProductTable({ products, onBuy }: ProductTableProps) {
  return (
    <table>
      <caption class="visually-hidden">{t("shop.products")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("shop.product")}</th>
          <th scope="col" class="number">
            {t("shop.price")}
          </th>
          <th scope="col" class="number">
            {t("shop.stock")}
          </th>
          <th scope="col">
            <span class="visually-hidden">{t("shop.buy")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {products.map((product) => (
          <tr key={product.id}>
            <td>{product.name}</td>
            <td class="number strong">{formatMoney(product.price)}</td>
            <td class={`number ${product.quantity === 0 ? "bad-text" : ""}`}>
              {formatCount(product.quantity)}
            </td>
            <td class="number">
              <button
                type="button"
                class="button small"
                disabled={product.quantity === 0}
                aria-label={`${t("shop.buy")} ${product.name}`}
                onClick={() => onBuy(product)}
              >
                {t("shop.buy")}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
