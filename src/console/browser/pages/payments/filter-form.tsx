import { useEffect, useState } from "preact/hooks";
import { ChoiceField, TextField } from "../../components/fields.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { replaceFilters } from "../../route.ts";
import { sourceName, stateName, t } from "../../words/words.ts";
import { FILTERS, type FilterName, type PaymentFilters, SOURCES } from "./payment-data.ts";

/** Typing is over when nothing was typed for so long. */
const SETTLE_MS = 350;

/** The filters write themselves into the address, which is what the listing reads. */
export function FilterForm({ filters }: { readonly filters: PaymentFilters }) {
  const [form, setForm] = useState(filters);
  const edit = (name: FilterName) => (value: string) => setForm((before) => ({ ...before, [name]: value }));
  const choose = (name: FilterName) => (value: string) => {
    const changed = { ...form, [name]: value };
    setForm(changed);
    replaceFilters(changed);
  };
  useEffect(() => {
    const timer = setTimeout(() => replaceFilters(form), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [form]);
  const text = (name: FilterName) => ({ name, value: form[name], onText: edit(name) });
  const any = ["", t("filter.any")] as const;
  return (
    <FilterBar>
      <TextField label={t("filter.id")} placeholder="4a79…" spellcheck={false} {...text("id")} />
      <ChoiceField
        label={t("filter.source")}
        value={form.source}
        options={[any, ...SOURCES.map((name) => [name, sourceName(name)] as const)]}
        onChoice={choose("source")}
      />
      <ChoiceField
        label={t("label.state")}
        value={form.state}
        options={[any, ...["pending", "succeeded", "failed"].map((name) => [name, stateName(name)] as const)]}
        onChoice={choose("state")}
      />
      <ChoiceField
        label={t("label.processor")}
        value={form.processor}
        options={[any, ["default", "default"], ["fallback", "fallback"]]}
        onChoice={choose("processor")}
      />
      <TextField label={t("filter.error")} placeholder="timeout" spellcheck={false} {...text("error")} />
      <TextField label={t("filter.minAmount")} inputMode="decimal" {...text("minAmount")} />
      <TextField label={t("filter.maxAmount")} inputMode="decimal" {...text("maxAmount")} />
      <TextField label={t("filter.from")} type="datetime-local" {...text("from")} />
      <TextField label={t("filter.to")} type="datetime-local" {...text("to")} />
      <button type="button" class="button" onClick={() => setForm(NONE)}>
        {t("filter.clear")}
      </button>
    </FilterBar>
  );
}

const NONE = Object.fromEntries(FILTERS.map((name) => [name, ""])) as PaymentFilters; // every name has an entry
