import { figure, none } from "../figures.js";
import { failed, statistic, withLab } from "../lab.js";
import type { Row } from "../row.js";

const rate = 200;
const seconds = 60;

export const load: Row = {
  name: "load",
  test: "SIPREC load from one source address",
  toHold: "200 calls/s for 60 s, 0 failed, 0 bans",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const calls = rate * seconds;
      const report = await lab.calls({ calls, rate, holdMs: 1000, rtp: { rate: 0 }, quiet: true });
      const { summary } = report;
      return [
        figure("calls", summary.placed, "", { is: calls }),
        figure("placed", summary.placedPerSecond, "/s", { atLeast: rate * 0.98 }),
        none("failed", failed(report)),
        none("broken", summary.outcomes.broken),
        none("bans", await statistic(lab, "refused_banned")),
        figure("set-up p99", summary.setUpMs.p99, "ms"),
        figure("max", summary.setUpMs.max, "ms"),
      ];
    }),
};
