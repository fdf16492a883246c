import { pause, type CallLab } from "../../support/call-lab.js";
import { unguard } from "../../support/crowd.js";
import { figure, none } from "../figures.js";
import { counted, failed, statistic, withLab } from "../lab.js";
import { countElsewhere, elsewhere } from "../elsewhere.js";
import type { Row } from "../row.js";

export const spray: Row = {
  name: "spray",
  test: "RTP sprayed over the whole port range for a whole call",
  toHold: ">= 99.9 % of the packets arrive, the attacker gets 0",
  run: async (relay) => {
    const guarded = await withLab(relay, {}, sprayed, { recorder: {} });
    const open = await withLab(relay, { settings: { trusted: [] } }, sprayed, { recorder: {} });
    return [
      ...attackOn("trusted networks", guarded),
      none("its packets recorded", guarded.foreign),
      ...attackOn("open to all", open),
      // without `trusted`, rtpengine also forwards packets that strangers send to a call's ports; `trusted` blocks these
      figure("its packets recorded", open.foreign),
    ];
  },
};

const attackOn = (title: string, { sent, placed, own, received }: Awaited<ReturnType<typeof sprayed>>) => [
  figure(`${title}: packets sprayed`, sent, "", { atLeast: 10_000 }),
  figure("packets of the calls", placed),
  figure("arrived", (100 * own) / placed, "%", { atLeast: 99.9 }),
  none("packets to the attacker", received),
];

async function sprayed(lab: CallLab) {
  const platform = await lab.place({ calls: 4, rate: 20, holdMs: 8000 });
  const attack = await lab.spray(8500, 10_000);
  const { calls, summary } = await platform.finished;
  const theirs = new Set(calls.flatMap(({ rtp }) => rtp.map(({ ssrc }) => String(ssrc))));
  const counted = (await lab.recorded())
    .flatMap((call) => call.streams)
    .flatMap(({ ssrcs }) => Object.entries(ssrcs))
    .map(([ssrc, packets]) => ({ own: theirs.has(ssrc), packets }));
  const sum = (own: boolean) =>
    counted.filter((one) => one.own === own).reduce((total, { packets }) => total + packets, 0);
  return { ...attack, placed: summary.rtpPackets, own: sum(true), foreign: sum(false) };
}

const request = (method: string, more = "", toTag = "") => ({
  text: [
    `${method} sip:victim@192.0.2.99 SIP/2.0`,
    "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
    ...(more === "" ? [] : [more]),
    "Max-Forwards: 70",
    "From: <sip:stranger@192.0.2.66>;tag={tag}",
    `To: <sip:victim@192.0.2.99>${toTag}`,
    "Call-ID: {callId}",
    `CSeq: 1 ${method}`,
    "Contact: <sip:stranger@{address}:{port}>",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"),
});

const attempts = [
  ...["OPTIONS", "REGISTER", "MESSAGE", "INVITE"].map((method) => request(method)),
  ...["BYE", "INVITE", "MESSAGE"].map((method) =>
    request(
      method,
      "Route: <sip:10.0.0.1:5070;lr;k=0123456789abcdef01234567;m=1>, <sip:192.0.2.99;lr>",
      ";tag=made-up",
    ),
  ),
];

export const strangers: Row = {
  name: "strangers",
  test: "stranger's OPTIONS, REGISTER, MESSAGE, INVITE, forged dialog, without the packet filter",
  toHold: "0 relayed, no fingerprint",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      await unguard(lab);
      await countElsewhere(lab);
      const replies: string[] = [];
      for (const payload of attempts)
        replies.push(...(await lab.send(payload, "stranger", { count: 5, rate: 50 })));
      return [
        figure("requests", attempts.length * 5),
        none("relayed to recorders", await counted(lab, "invites", "stray")),
        none("packets elsewhere", await elsewhere(lab)),
        none("answered", replies.length),
        none("fingerprints", replies.filter((text) => /kamailio|^(server|user-agent):/im.test(text)).length),
        figure("refused", await statistic(lab, "refused_strangers"), "", { is: attempts.length * 5 }),
      ];
    }),
};

export const flood: Row = {
  name: "flood",
  test: "a flood of 500 requests/s from a stranger for 30 s, without the packet filter",
  toHold: "legitimate calls at 20/s: 0 failed",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      await unguard(lab);
      const [seconds, rate, senders] = [30, 20, 4];
      const platform = await lab.place({
        calls: rate * seconds,
        rate,
        holdMs: 500,
        rtp: { rate: 10 },
        quiet: true,
      });
      const began = Date.now();
      // timers of senders are late, so each has a higher rate and stops at its count
      const each = { count: (500 / senders) * seconds, rate: 180, sipPort: 0, waitMs: 0 };
      const floods = ["OPTIONS", "INVITE", "REGISTER", "MESSAGE"].map((method) =>
        lab.send(request(method), "stranger", each),
      );
      await Promise.all(floods);
      const took = (Date.now() - began) / 1000;
      const report = await platform.finished;
      await pause(200);
      return [
        figure("flood", (each.count * senders) / took, "/s", { atLeast: 450 }),
        figure("refused", await statistic(lab, "refused_strangers")),
        figure("calls", report.summary.placed, "", { is: rate * seconds }),
        none("failed", failed(report)),
        none("broken", report.summary.outcomes.broken),
        figure("set-up max", report.summary.setUpMs.max, "ms"),
      ];
    }),
};
