import { pause } from "../../support/call-lab.js";
import { figure, none } from "../figures.js";
import { counted, recorders, withLab } from "../lab.js";
import { countElsewhere, elsewhere } from "../elsewhere.js";
import type { Row } from "../row.js";

/** All recorders hang: the proxy tries one after the other, then answers 503, which sends the platform to another proxy. */
export const allDown: Row = {
  name: "all-down",
  test: "all recorders down",
  toHold: "100 % 503 within 6 s, 0 relayed elsewhere",
  run: (relay) =>
    withLab(relay, { recorders: recorders(3) }, async (lab) => {
      await countElsewhere(lab);
      for (const recorder of lab.recorders.values()) recorder.freeze(true);
      const calls = 100;
      const report = await lab.calls({ calls, rate: 5, rtp: { rate: 0 } });
      const times = report.calls.map(({ setUpMs }) => setUpMs);
      return [
        figure("calls", calls),
        figure("503", report.summary.byStatus["503"] ?? 0, "", { is: calls }),
        figure("longest", Math.max(...times), "ms", { atMost: 6000 }),
        none("packets elsewhere", await elsewhere(lab)),
      ];
    }),
};

export const reinvite: Row = {
  name: "reinvite",
  test: "re-INVITE x 200",
  toHold: "100 % to the holder",
  run: (relay) =>
    withLab(relay, { recorders: recorders(3) }, async (lab) => {
      const calls = 200;
      const platform = await lab.place({ calls, rate: 40, holdMs: null, rtp: { rate: 0 }, quiet: true });
      await platform.allPlaced();
      const byStatus = await platform.reinviteAll();
      await platform.byeAll();
      await platform.finished;
      await pause(200);
      return [
        figure("answered 200", byStatus["200"] ?? 0, "", { is: calls }),
        figure("at their holder", await counted(lab, "reinvites"), "", { is: calls }),
        none("elsewhere", await counted(lab, "unknownDialog")),
      ];
    }),
};
