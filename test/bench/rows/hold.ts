import { pause } from "../../support/call-lab.js";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";

const calls = 2500;
/** Eight ports a call: two streams, two sides, RTP and RTCP. */
const range = { rtp_start: 10_000, rtp_stop: 10_000 + calls * 8 - 1 };
const heldFor = 20_000;

export const hold: Row = {
  name: "hold",
  test: "calls at once, media relayed",
  toHold: "2,500 calls (5,000 streams) set up and held; the next one past the limit gets 503",
  run: (relay) =>
    withLab(relay, { settings: range }, async (lab) => {
      // few packets a stream: what is held is sessions, and this machine sends and counts them all
      const rtp = { rate: 0.5, ports: [20_000, 59_999] as [number, number] };
      const platform = await lab.place({ calls, rate: 50, holdMs: null, rtp, quiet: true });
      const { up } = await platform.allPlaced();
      const beyond = await lab.calls({ sipPort: 0, rtp: { rate: 0, ports: [60_000, 60_999] } });
      await pause(heldFor);
      const held = (await platform.status()).up;
      await platform.byeAll();
      const { summary } = await platform.finished;
      const recorded = await lab.recorded();
      const arrived = recorded
        .flatMap(({ streams }) => streams)
        .reduce((sum, { packets }) => sum + packets, 0);
      const after = await lab.calls({ sipPort: 0, rtp: { rate: 0 } });
      return [
        figure("calls up", up, "", { is: calls }),
        figure(`after ${heldFor / 1000} s`, held, "", { is: calls }),
        figure("ended well", summary.outcomes.ok, "", { is: calls }),
        figure("RTP packets", summary.rtpPackets),
        none("lost", summary.rtpPackets - arrived),
        figure("one more gets", beyond.calls[0]?.finalStatus ?? 0, "", { is: 503 }),
        figure("one after them gets", after.calls[0]?.finalStatus ?? 0, "", { is: 200 }),
      ];
    }),
};
