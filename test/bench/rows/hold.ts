import { readFile } from "node:fs/promises";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";

const wanted = 2500;
/** Relays choose ports at random: in the last percent of a range, they may refuse a call for which ports are free. */
const room = Math.ceil(wanted * 1.01);
/** Eight ports per call: two streams, two sides, RTP and RTCP. */
const range = { rtp_start: 10_000, rtp_stop: 10_000 + room * 8 - 1 };
const beyond = 100;
const heldFor = 20_000;

export const hold: Row = {
  name: "hold",
  test: "calls at once, media relayed",
  toHold: "2,500 calls (5,000 streams) set up and held; past the limit each gets 503",
  run: async (relay) => {
    const calls = Math.min(wanted, relay === "rtpengine" ? await callsOfOneProcess() : wanted);
    return withLab(relay, { settings: range }, async (lab) => {
      // few packets per stream: this row measures sessions, and this machine also sends and counts all packets
      const rtp = { rate: 0.5, ports: [20_000, 59_999] as [number, number] };
      const platform = await lab.place({ calls, rate: 50, holdMs: null, rtp, quiet: true });
      const { up } = await platform.allPlaced();
      const rest = { rate: 0, ports: [60_000, 60_999] as [number, number] };
      const more = await lab.place({ calls: beyond, rate: 20, holdMs: heldFor, sipPort: 0, rtp: rest });
      const { byStatus } = (await more.finished).summary;
      const fitted = byStatus[200] ?? 0;
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
        figure("ports are there for", room, "calls"),
        figure("up at the limit", up + fitted, "", { atLeast: calls, atMost: room }),
        figure("past it get 503", byStatus[503] ?? 0, "", { is: beyond - fitted }),
        figure("one after them gets", after.calls[0]?.finalStatus ?? 0, "", { is: 200 }),
      ];
    });
  },
};

/** rtpengine is one process, and a call needs eight of its file descriptors: the machine's limit per process applies. */
async function callsOfOneProcess(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const hard = /^Max open files +\d+ +(\d+)/m.exec(limits)?.[1] ?? "unlimited";
  return hard === "unlimited" ? Infinity : Math.floor((Number(hard) - 64) / 8);
}
