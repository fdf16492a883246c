import { pause, type CallLab, type Relay } from "../../support/call-lab.js";
import { systemctl } from "../../support/proxy/systemctl.js";
import { failed, withLab } from "../lab.js";
import { figure, none, type Figure } from "../figures.js";
import type { Row } from "../row.js";
import { restartSec } from "./faults.js";
import { until } from "../until.js";

const brief = { rate: 20, holdMs: 100, rtp: { rate: 0 }, sipPort: 0 };

/** Calls every 50 ms while processes of the relay hang, starting when they begin to hang. */
export const relayHung: Row = {
  name: "relay-hung",
  test: "the media relay hangs (SIGSTOP): one of several processes, three of four with calls on one connection, then all",
  toHold:
    "one: 0 calls lost, <= 1.5 s; three: 0 lost, the connection waits <= 2.5 s; all: 503 within 2.5 s, OPTIONS 503, workers free",
  run: async (relay) => [
    ...(relay === "rtpproxy" ? await threeHang() : []),
    ...(await withLab(relay, {}, async (lab) => [
      ...(relay === "rtpproxy" ? await oneHangs(lab) : []),
      ...(await allHang(lab, relay)),
    ])),
  ],
};

function threeHang(): Promise<Figure[]> {
  const four = { settings: { expected_calls: 400, calls_per_core: 100 } };
  return withLab(
    "rtpproxy",
    four,
    async (lab) => {
      lab.proxy().startWatch("relay-watch");
      const job = { ...brief, targets: [lab.target("tcp")] };
      await lab.calls({ ...job, calls: 8 });
      await lab.proxy().hang("rtpproxy", true, ":772[234] ");
      const calls = 80;
      const { calls: placed, summary } = await lab.calls({ ...job, calls });
      return [
        none("three of four: lost", calls - summary.outcomes.ok),
        figure("slowest", summary.setUpMs.max, "ms", { atMost: 2500 }),
        figure("calls that waited", placed.filter(({ setUpMs }) => setUpMs > 500).length),
      ];
    },
    { files: [systemctl] },
  );
}

async function oneHangs(lab: CallLab): Promise<Figure[]> {
  const calls = 40;
  await lab.proxy().hang("rtpproxy", true, ":7722 ");
  const report = await lab.calls({ ...brief, calls });
  await lab.proxy().hang("rtpproxy", false);
  // wait until the mark that the calls have set expires
  await pause(11_000);
  return [
    none("one: lost", calls - report.summary.outcomes.ok),
    figure("slowest", report.summary.setUpMs.max, "ms", { atMost: 1500 }),
  ];
}

async function allHang(lab: CallLab, relay: Relay): Promise<Figure[]> {
  const calls = 40;
  await lab.proxy().hang(relay, true);
  const report = await lab.calls({ ...brief, calls });
  const asked = await lab.ask("platform", { count: 20, rate: 20 });
  return [
    figure("all: 503", report.summary.byStatus["503"] ?? 0, "", { is: calls }),
    figure("slowest", Math.max(...report.calls.map(({ setUpMs }) => setUpMs)), "ms", { atMost: 2500 }),
    none("OPTIONS not 503", asked.filter((status) => status !== 503).length),
  ];
}

export const relayWatched: Row = {
  name: "relay-watched",
  test: "the media relay hangs, idle; calls at 10 a second all the time",
  toHold: "ended after 10 s without answer and packet, calls relayed again within 20 s; none unanswered",
  run: (relay) =>
    withLab(
      relay,
      {},
      async (lab) => {
        lab.proxy().startWatch("relay-watch");
        await lab.calls({ ...brief, calls: 4 });
        await lab.proxy().hang(relay, true);
        const began = Date.now();
        const platform = await lab.place({ ...brief, rate: 10, calls: 300 });
        const ended = await until(() => lab.proxy().log.some((line) => line.includes("sessions are lost")));
        await until(() => !lab.proxy().relayRuns());
        await pause(restartSec);
        await lab.proxy().startRelay();
        const again = await until(async () => (await lab.ask())[0] === 200);
        const { summary } = await platform.finished;
        return [
          figure("ended after", ended, "s", { atLeast: 10, atMost: 16 }),
          figure("OPTIONS 200 after", ended + restartSec / 1000 + again, "s", { atMost: 20 }),
          none("calls without an answer", summary.outcomes.timeout),
          figure("calls refused", failed({ calls: [], summary })),
          figure("seconds", (Date.now() - began) / 1000),
        ];
      },
      { files: [systemctl] },
    ),
};
