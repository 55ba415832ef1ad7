import { useEffect } from "preact/hooks";
import { useCell } from "../../cell.ts";
import { Empty } from "../../components/feedback.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { keepRecent, readRecent } from "../../recent.ts";
import { linkTo, route } from "../../route.ts";
import { t } from "../../words/words.ts";
import type { Kind } from "./account-data.ts";
import { AccountFinder } from "./account-finder.tsx";
import { UserAccount } from "./user-account.tsx";
import { WalletAccount } from "./wallet-account.tsx";

/** Users and wallets: find or create one, look at its money, move some. The address says which: `user:12`. */
export function AccountsPage() {
  const { subject } = useCell(route);
  const [kind = "", id = ""] = (subject ?? "").split(":", 2);
  useEffect(() => {
    if (id !== "") keepRecent(kind, id);
  }, [kind, id]);
  return (
    <>
      <PageHead title={t("accounts.title")} intro={t("accounts.intro")} />
      <div class="pay">
        <div class="pay-side">
          <AccountFinder kind="user" />
          <AccountFinder kind="wallet" />
          <Recent opened={subject} />
        </div>
        {kind === "user" && id !== "" ? (
          <UserAccount key={id} id={id} />
        ) : kind === "wallet" && id !== "" ? (
          <WalletAccount key={id} uuid={id} />
        ) : (
          <section class="panel" aria-label={t("accounts.title")}>
            <Empty icon="wallet" title={t("accounts.choose")}>
              <p>{t("accounts.chooseHint")}</p>
            </Empty>
          </section>
        )}
      </div>
    </>
  );
}

/** What is open comes first: it is kept only once it was shown. */
function Recent({ opened }: { readonly opened: string | null }) {
  const kinds: readonly Kind[] = ["user", "wallet"];
  const kept = kinds.flatMap((kind) => readRecent(kind).map((id) => `${kind}:${id}`));
  const all = [...new Set(opened === null ? kept : [opened, ...kept])];
  const recent = all.map((subject) => {
    const [kind, id = ""] = subject.split(":", 2);
    return { kind: kind === "wallet" ? "wallet" : "user", id } as const;
  });
  if (recent.length === 0) return null;
  return (
    <section class="panel" aria-label={t("accounts.recent")}>
      <h2 class="panel-title">{t("accounts.recent")}</h2>
      <ul class="recent">
        {recent.map(({ kind, id }) => (
          <li key={`${kind}:${id}`}>
            <a href={linkTo("accounts", `${kind}:${id}`)}>
              {t(`accounts.${kind}`)} <code>{id.slice(0, 8)}</code>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
