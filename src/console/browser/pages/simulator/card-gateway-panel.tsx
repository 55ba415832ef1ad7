import { useState } from "preact/hooks";
import { useMayChange } from "../../access.ts";
import { SwitchField } from "../../components/fields.tsx";
import { formatDuration } from "../../format.ts";
import { t } from "../../words/words.ts";
import { configure } from "./configuration.ts";
import { FaultSliders } from "./fault-sliders.tsx";
import { Slider } from "./slider.tsx";

const UPSTREAM = "/card-gateway";
const DELAY_MAX_MS = 5000;

/** The switches of the built-in card gateway. It does not say how they stand, only what they were set to. */
export function CardGatewayPanel() {
  const disabled = !useMayChange();
  const [failure, setFailure] = useState(false);
  const [decline, setDecline] = useState(false);
  const [delay, setDelay] = useState(0);
  return (
    <section class="panel switches" aria-label={t("simulator.cardGateway")}>
      <h2>{t("simulator.cardGateway")}</h2>
      <SwitchField
        label={t("simulator.failsCharges")}
        checked={failure}
        disabled={disabled}
        onSwitch={(on) => configure(UPSTREAM, "failure", { failure: on }, () => setFailure(on))}
      />
      <SwitchField
        label={t("simulator.declines")}
        checked={decline}
        disabled={disabled}
        onSwitch={(on) => configure(UPSTREAM, "decline", { decline: on }, () => setDecline(on))}
      />
      <Slider
        label={t("simulator.delay")}
        value={delay}
        max={DELAY_MAX_MS}
        step={50}
        disabled={disabled}
        format={formatDuration}
        onValue={(value) => configure(UPSTREAM, "delay", { delay: value }, () => setDelay(value))}
      />
      <FaultSliders upstream={UPSTREAM} disabled={disabled} />
    </section>
  );
}
