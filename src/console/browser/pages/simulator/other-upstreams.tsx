import { Failure } from "../../components/feedback.tsx";
import { formatDuration, formatShare } from "../../format.ts";
import { t } from "../../words/words.ts";
import { CardGatewayPanel } from "./card-gateway-panel.tsx";
import { SharePanel, type ShareSlider } from "./share-panel.tsx";
import { useSimulatorState } from "./simulator-state.ts";

const SHARE = { max: 1, step: 0.05, format: formatShare };
const SECONDS = { max: 60, step: 1, format: (value: number) => formatDuration(value * 1000) };

/** The card gateway of the shop, the gateway of the users, the bank of the account payments. */
export function OtherUpstreams() {
  const { data, failure, reload } = useSimulatorState();
  if (data === null) return failure === null ? null : <Failure result={failure} retry={reload} />;
  const gateway: readonly ShareSlider[] = [
    { name: "errorShare", label: t("simulator.errorShare"), ...SHARE },
    { name: "lateShare", label: t("simulator.lateShare"), ...SHARE },
  ];
  const bank: readonly ShareSlider[] = [
    { name: "approvalRate", label: t("simulator.approval"), ...SHARE },
    { name: "delayMinSeconds", label: t("simulator.delayMin"), ...SECONDS },
    { name: "delayMaxSeconds", label: t("simulator.delayMax"), ...SECONDS },
  ];
  return (
    <div class="three-columns">
      {data.cardGateway ? <CardGatewayPanel /> : null}
      <SharePanel
        title={t("simulator.gateway")}
        which="gateway"
        switches={data.gateway}
        sliders={gateway}
        onChanged={reload}
      />
      <SharePanel
        title={t("simulator.bank")}
        which="bank"
        switches={data.bank}
        sliders={bank}
        onChanged={reload}
      />
    </div>
  );
}
