import { pause } from "../../support/call-lab.js";
import { proxiesWith } from "../../support/proxies.js";
import { packetsByStream } from "../../support/recorded-packets.js";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";

/** A proxy dies with its host, and the platform continues its calls through another proxy. */
export const moved: Row = {
  name: "moved",
  test: "a proxy is killed; the platform re-INVITEs at another one, and ends its calls there",
  toHold: "20 of 20 calls go on recording, with all packets from the re-INVITE on",
  run: (relay) =>
    withLab(
      relay,
      {
        settings: { dialog_secret: "0123456789abcdef0123456789abcdef" },
        proxies: proxiesWith({ sipproxy0: {}, sipproxy1: {} }),
      },
      async (lab) => {
        const calls = 20;
        const platform = await lab.place({ calls, rate: 40, holdMs: null });
        await platform.allPlaced();
        await platform.sendMedia(false);
        await pause(200);
        const before = await packetsByStream(lab);
        await lab.network.cut("sipproxy0");
        await lab.proxy("sipproxy0").remove();
        await platform.moveAll(lab.target("udp", "sipproxy1"));
        const { 200: answered = 0 } = await platform.reinviteAll();
        await platform.sendMedia(true);
        await pause(5000);
        await platform.byeAll();
        const { calls: ended, summary } = await platform.finished;
        const recorded = await lab.recorded();
        const after = recorded.flatMap(({ callId, streams }) =>
          streams.map(({ label, packets }) => packets - (before.get(`${callId} ${label}`) ?? 0)),
        );
        const sent = ended.flatMap(({ rtp }) => rtp).reduce((sum, { packets }) => sum + packets, 0);
        const arrived = recorded
          .flatMap(({ streams }) => streams)
          .reduce((sum, { packets }) => sum + packets, 0);
        return [
          figure("re-INVITEs answered 200", answered, "", { is: calls }),
          figure("streams that go on", after.filter((packets) => packets > 0).length, "", { is: 2 * calls }),
          none("packets lost", sent - arrived),
          figure("ended well", summary.outcomes.ok, "", { is: calls }),
        ];
      },
    ),
};
