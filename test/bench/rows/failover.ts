import { pause, type CallLab, type Relay } from "../../support/call-lab.js";
import { figure, none, type Figure } from "../figures.js";
import { setUpTimes, withLab } from "../lab.js";
import type { Row } from "../row.js";

/** Faults of recorder0 during calls; recorder1 stays good. */
const faults: Record<string, { title: string; strike: (lab: CallLab) => Promise<unknown>; limit?: number }> =
  {
    refused: { title: "a recorder refuses connections", strike: (lab) => lab.recorder("recorder0").stop() },
    silent: {
      title: "a recorder hangs",
      strike: (lab) => Promise.resolve(lab.recorder("recorder0").freeze(true)),
    },
    "invite-silent": {
      title: "a recorder answers OPTIONS, but no INVITE",
      strike: (lab) => lab.recorder("recorder0").behave({ invite: "silent" }),
    },
    "503": {
      title: "a recorder answers 503",
      strike: (lab) => lab.recorder("recorder0").behave({ invite: 503 }),
    },
    gone: { title: "a recorder is gone from the network", strike: (lab) => lab.network.cut("recorder0") },
    trying: {
      title: "100 and then silence",
      strike: (lab) => lab.recorder("recorder0").behave({ invite: "trying-then-silent" }),
      limit: 4500,
    },
  };
const rates = [2, 100];
/** Seconds with calls before and after the fault. */
const [before, after] = [2, 10];

export const failover: readonly Row[] = Object.entries(faults).map(
  ([name, { title, strike, limit = 3500 }]) => ({
    name: `failover-${name}`,
    test: `${title}, at ${rates.join(" and ")} calls/s`,
    toHold: `0 failed while one is good; set-up <= ${limit / 1000} s`,
    run: async (relay: Relay) => {
      const figures: Figure[] = [];
      for (const rate of rates) figures.push(...(await underFault(relay, rate, strike, limit)));
      return figures;
    },
  }),
);

function underFault(
  relay: Relay,
  rate: number,
  strike: (lab: CallLab) => Promise<unknown>,
  limit: number,
): Promise<Figure[]> {
  return withLab(relay, {}, async (lab) => {
    const calls = rate * (before + after);
    const platform = await lab.place({ calls, rate, holdMs: 300, rtp: { rate: 0 } });
    await pause(before * 1000);
    await strike(lab);
    await platform.allPlaced();
    const times = setUpTimes(platform);
    return [
      figure(`at ${rate}/s: calls`, calls),
      none("failed", calls - times.length),
      figure("longest set-up", Math.max(...times), "ms", { atMost: limit }),
    ];
  });
}
