import { figure, none } from "../figures.js";
import { counted, statistic, withLab } from "../lab.js";
import type { Row } from "../row.js";
import { sippCalls } from "../sipp.js";

const rate = 200;
const seconds = 60;

export const load: Row = {
  name: "load",
  test: "SIPREC load from one source address",
  toHold: "200 calls/s for 60 s, 0 failed, 0 bans",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const calls = rate * seconds;
      const report = await sippCalls(lab, { calls, rate, holdMs: 1000 });
      return [
        figure("calls", report.successful + report.failed, "", { is: calls }),
        figure("placed", report.rate, "/s", { atLeast: rate * 0.98 }),
        figure("answered by the recorders", await counted(lab, "answered"), "", { is: calls }),
        none("failed", report.failed),
        figure("retransmissions", report.retransmissions),
        none("bans", await statistic(lab, "refused_banned")),
      ];
    }),
};
