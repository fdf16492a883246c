import { pause, type CallLab, type Relay } from "../../support/call-lab.js";
import type { CallResult } from "../../../src/lab/agents.js";
import { figure, none } from "../figures.js";
import { counted, failed, withLab } from "../lab.js";
import type { Row } from "../row.js";

/** RestartSec of the units, in milliseconds. */
export const restartSec = 1000;

export const kamailioRestarted: Row = {
  name: "restart",
  test: "Kamailio restarted under 200 calls",
  toHold: "100 % of BYE and re-INVITE work, 0 RTP packets lost",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const calls = 200;
      const rtp = { rate: 5 };
      const platform = await lab.place({ calls, rate: 40, holdMs: null, rtp, quiet: true });
      await platform.allPlaced();
      await lab.proxy().kill("kamailio");
      await pause(restartSec);
      await lab.proxy().startKamailio();
      const byStatus = await platform.reinviteAll();
      await platform.byeAll();
      const { summary } = await platform.finished;
      const arrived = await packets(lab);
      return [
        figure("re-INVITE 200", byStatus["200"] ?? 0, "", { is: calls }),
        figure("ended well", summary.outcomes.ok, "", { is: calls }),
        figure("RTP packets", summary.rtpPackets),
        none("lost", summary.rtpPackets - arrived),
      ];
    }),
};

export const relayKilled: Row = {
  name: "relay-killed",
  test: "media relay killed under load",
  toHold: "0 calls answered un-relayed, relaying again within 3 s",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const [calls, rate] = [400, 20];
      const platform = await lab.place({ calls, rate, holdMs: 300, rtp: { rate: 10 } });
      await pause(5000);
      const { ended } = await platform.status();
      await lab.proxy().kill(relay);
      const killed = Date.now();
      const since: { callId: string; after: number }[] = [];
      platform.onEvent((event) => {
        if (event.event === "answered") since.push({ callId: event.callId, after: Date.now() - killed });
      });
      await pause(restartSec);
      await lab.proxy().startRelay();
      const report = await platform.finished;
      const heard = new Set(
        (await lab.recorded())
          .filter(({ streams }) => streams.length === 2 && streams.every(({ packets }) => packets > 0))
          .map(({ callId }) => callId),
      );
      const again = since.filter(({ callId }) => heard.has(callId));
      const { public_ip_address: outside } = lab.host();
      const answered = report.calls.filter(({ finalStatus }) => finalStatus === 200);
      const refused = report.summary.byStatus["503"] ?? 0;
      return [
        figure("calls", calls),
        figure("before", ended, "", { atLeast: 1 }),
        none("answered un-relayed", answered.filter((call) => !relayed(call, outside)).length),
        figure("refused with 503", refused),
        none("failed otherwise", failed(report) - refused),
        none("recorded as silence after it", since.length - again.length),
        figure("relaying again after", (again[0]?.after ?? Infinity) / 1000, "s", { atMost: 3 }),
      ];
    }),
};

const relayed = ({ answer }: CallResult, outside: string) =>
  answer.length === 2 && answer.every(({ address }) => address === outside);

async function packets(lab: CallLab): Promise<number> {
  await lab.recorded();
  return counted(lab, "rtpPackets");
}

const twoProxies = {
  sipproxy0: { public_ip_address: "198.51.100.10", private_ip_address: "10.0.0.1" },
  sipproxy1: { public_ip_address: "198.51.100.11", private_ip_address: "10.0.0.2" },
};

export const drain: Row = {
  name: "drain",
  test: "drain under load, with a second proxy for new calls",
  toHold: "0 calls or packets lost, ends by itself",
  run: (relay: Relay) =>
    withLab(relay, { proxies: twoProxies }, async (lab) => {
      const [calls, rate] = [200, 20];
      const targets = [lab.target("udp", "sipproxy0"), lab.target("udp", "sipproxy1")];
      const platform = await lab.place({ calls, rate, targets, holdMs: 3000, rtp: { rate: 10 } });
      await pause(4000);
      const before = (await platform.status()).up;
      const began = Date.now();
      const said = await lab.proxy().step("drain");
      const took = (Date.now() - began) / 1000;
      const { calls: results, summary } = await platform.finished;
      const moved = results.filter(({ attempts }) => attempts.length > 1);
      return [
        figure("calls", calls),
        figure("up at its start", before, "", { atLeast: 1 }),
        none("lost", calls - summary.outcomes.ok),
        figure("went to the other proxy", moved.length, "", { atLeast: 1 }),
        figure("RTP packets", summary.rtpPackets),
        none("packets lost", summary.rtpPackets - (await packets(lab))),
        figure("drained after", took, "s", { atMost: 10 }),
        none("not said", said.includes("drained") ? 0 : 1),
      ];
    }),
};
