import { pause, type CallLab } from "../../support/call-lab.js";
import { figure } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";
import { until } from "../until.js";

/** Detection by pings only, without calls. */
export const detection: Row = {
  name: "detection",
  test: "a recorder without calls hangs and comes back; then all do",
  toHold: "out and back within 10 s each; within 5 s when all were out",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      await lab.calls({ calls: 4, rate: 20, holdMs: 50, rtp: { rate: 0 } });
      lab.recorder("recorder0").freeze(true);
      const out = await until(async () => (await down(lab)) === 1);
      lab.recorder("recorder0").freeze(false);
      const back = await until(async () => (await down(lab)) === 0);
      for (const recorder of lab.recorders.values()) recorder.freeze(true);
      const allOut = await until(async () => (await down(lab)) === 2);
      await pause(3000);
      for (const recorder of lab.recorders.values()) recorder.freeze(false);
      const allBack = await until(async () => (await lab.ask())[0] === 200);
      return [
        figure("out after", out, "s", { atMost: 10 }),
        figure("back after", back, "s", { atMost: 10 }),
        figure("all out after", allOut, "s", { atMost: 10 }),
        figure("one back after", allBack, "s", { atMost: 5 }),
      ];
    }),
};

/** The number of recorders that get no calls (inactive). */
async function down(lab: CallLab): Promise<number> {
  const list = await lab.proxy().kamcmd("dispatcher.list");
  return list.match(/FLAGS: I/g)?.length ?? 0;
}
