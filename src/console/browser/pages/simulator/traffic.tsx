import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../call.ts";
import { Icon } from "../../components/icon.tsx";
import { formatCount } from "../../format.ts";
import { t } from "../../words/words.ts";
import { newId } from "../pay/payer.ts";
import { Slider } from "./slider.tsx";

const AMOUNT = 19.9;
const TICK_MS = 200;
/** A service that does not answer must not make a browser pile up calls. */
const IN_FLIGHT_MAX = 50;

interface Counts {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

/** Sends payments from this browser, so that there is something to watch. */
export function Traffic() {
  const [perSecond, setPerSecond] = useState(20);
  const [running, setRunning] = useState(false);
  const [counts, setCounts] = useState<Counts>({ sent: 0, accepted: 0, refused: 0 });
  const inFlight = useRef(0);
  useEffect(() => {
    if (!running) return;
    let owed = 0;
    const timer = setInterval(() => {
      owed = Math.min(owed + (perSecond * TICK_MS) / 1000, perSecond);
      for (; owed >= 1 && inFlight.current < IN_FLIGHT_MAX; owed--) {
        inFlight.current++;
        setCounts((before) => ({ ...before, sent: before.sent + 1 }));
        void call("/payments", { method: "POST", body: { correlationId: newId(), amount: AMOUNT } }).then(
          (result) => {
            inFlight.current--;
            const field = result.kind === "ok" ? "accepted" : "refused";
            setCounts((before) => ({ ...before, [field]: before[field] + 1 }));
          },
        );
      }
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [running, perSecond]);
  return (
    <section class="panel switches" aria-label={t("traffic.title")}>
      <header>
        <h2>{t("traffic.title")}</h2>
        <p class="soft" role="status">
          {t("traffic.counts", {
            accepted: formatCount(counts.accepted),
            refused: formatCount(counts.refused),
          })}
        </p>
      </header>
      <Slider
        label={t("traffic.perSecond")}
        value={perSecond}
        max={200}
        step={5}
        format={formatCount}
        onValue={setPerSecond}
      />
      <button
        type="button"
        class={running ? "button" : "button primary"}
        aria-pressed={running}
        onClick={() => setRunning(!running)}
      >
        <Icon name={running ? "close" : "send"} />
        {running ? t("traffic.stop") : t("traffic.start")}
      </button>
      <p class="hint">{t("traffic.hint")}</p>
    </section>
  );
}
