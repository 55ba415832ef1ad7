import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useAccessCheck } from "./access.ts";
import { useCell } from "./cell.ts";
import { Empty } from "./components/feedback.tsx";
import { PageHead } from "./components/page-head.tsx";
import { Header } from "./header.tsx";
import { isPageName, type PageName } from "./page-names.ts";
import { AccountsPage } from "./pages/accounts/accounts-page.tsx";
import { DeadLettersPage } from "./pages/dead-letters/dead-letters-page.tsx";
import { OverviewPage } from "./pages/overview/overview-page.tsx";
import { PayPage } from "./pages/pay/pay-page.tsx";
import { PaymentsPage } from "./pages/payments/payments-page.tsx";
import { ShopPage } from "./pages/shop/shop-page.tsx";
import { SimulatorPage } from "./pages/simulator/simulator-page.tsx";
import { TopicsPage } from "./pages/topics/topics-page.tsx";
import { route } from "./route.ts";
import { SignInDialog } from "./sign-in.tsx";
import { Toasts } from "./toasts.tsx";
import { language, t } from "./words/words.ts";

const PAGES: Readonly<Record<PageName, ComponentType>> = {
  pay: PayPage,
  overview: OverviewPage,
  payments: PaymentsPage,
  topics: TopicsPage,
  "dead-letters": DeadLettersPage,
  accounts: AccountsPage,
  shop: ShopPage,
  simulator: SimulatorPage,
};

/** Everything on the screen. Another language is another tree: nothing keeps words of the old one. */
export function App() {
  useAccessCheck();
  const chosen = useCell(language);
  return (
    <div key={chosen} class="app">
      <button type="button" class="skip" onClick={focusPage}>
        {t("shell.skip")}
      </button>
      <Header />
      <Main />
      <Toasts />
      <SignInDialog />
    </div>
  );
}

function Main() {
  const { page, subject } = useCell(route);
  const place = `${page}/${subject ?? ""}`;
  const entered = useRef(place);
  useEffect(() => {
    document.title = `${isPageName(page) ? t(`nav.${page}`) : "?"} – catraca`;
    if (entered.current === place) return;
    entered.current = place;
    focusPage();
  }, [page, place]);
  const Page = isPageName(page) ? PAGES[page] : Unknown;
  return (
    <main id="main">
      <Page />
    </main>
  );
}

function Unknown() {
  return (
    <>
      <PageHead title={t("shell.unknown")} />
      <Empty icon="alert" title={t("shell.unknownHint")} />
    </>
  );
}

/** A link could not do it: what is behind the # of the address is the console's own. */
function focusPage(): void {
  document.getElementById("page-title")?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}
