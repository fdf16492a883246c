import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { callsFromAll, ofEachKind, outcomes, placeFromAll } from "../support/all-kinds.js";
import { CallLab, type Transport } from "../support/call-lab.js";
import { unguard } from "../support/crowd.js";

/** A request of an unknown sender; `lines` are further headers. */
const request = (
  method: string,
  { to = "", uri = "sip:recorder@10.0.0.3:5060", lines = [] as string[] } = {},
) =>
  [
    `${method} ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
    "From: <sip:stranger@{address}>;tag={tag}",
    `To: <sip:recorder@10.0.0.3>${to}`,
    "Call-ID: {callId}",
    `CSeq: 1 ${method}`,
    "Contact: <sip:stranger@{address}:{port}>",
    "Max-Forwards: 70",
    ...lines,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

const route = "Route: <sip:198.51.100.10:5080;lr;k=0123456789abcdef01234567;m=1>,<sip:10.0.0.3:5060;lr>";
const forged = ["INVITE", "BYE", "UPDATE", "MESSAGE", "ACK"].map((method) => ({
  title: `${method} of a forged dialog`,
  text: request(method, { to: ";tag=forged", lines: [route] }),
}));
const requests = [
  ...["OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"].map((method) => ({
    title: method,
    text: request(method),
  })),
  { title: "INVITE with a Route", text: request("INVITE", { lines: ["Route: <sip:10.0.0.3:5060;lr>"] }) },
  { title: "INVITE for another host", text: request("INVITE", { uri: "sip:someone@203.0.113.10:5066" }) },
  ...forged,
];

/** Texts that reveal the software to strangers. */
const fingerprint = /^(Server|User-Agent|Warning):|kamailio|rtpproxy|rtpengine|\d+\.\d+\.\d+ \(/im;
const transports: Transport[] = ["udp", "tcp"];

/** Checks that recorders have received only the proxy's OPTIONS. */
const untouched = async (lab: CallLab) => {
  for (const recorder of lab.recorders.values()) {
    expect(await recorder.totals()).toMatchObject({ invites: 0, unknownDialog: 0, byes: 0, malformed: 0 });
    expect(recorder.events.filter(({ event }) => event === "invite" || event === "unknown-dialog")).toEqual(
      [],
    );
  }
};

describe("with `trusted` and no packet filter, a stranger", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { pike_reqs_density: 5 } });
    await unguard(lab);
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  it.each(transports)("gets no answer at all over %s, and nothing is relayed", async (transport) => {
    for (const { title, text } of requests) {
      const target = lab.target(transport);
      const payload = { text: text.replaceAll("SIP/2.0/UDP", `SIP/2.0/${transport.toUpperCase()}`) };
      expect(await lab.send(payload, "stranger", { target, waitMs: 100 }), title).toEqual([]);
    }
    await untouched(lab);
  });

  it("floods the proxy, and no call fails; platforms are not counted, however many calls they make", async () => {
    const all = await placeFromAll(lab, { calls: 20, rate: 10, holdMs: 200, rtp: { rate: 10 } });
    const flood = { count: 1500, rate: 500, target: lab.target("udp") };
    await lab.send({ text: request("OPTIONS") }, "stranger", flood);
    expect(outcomes(await all.finished())).toEqual(ofEachKind({ ok: 20 }));
    const banned = await lab.proxy().kamcmd("htable.dump", "ipban");
    expect(banned).not.toMatch(/203\.0\.113\./);
    expect(banned).toContain("192.0.2.66");
  });

  it.each(["platform", "natted"] as const)("REGISTER of a platform (%s) is refused", async (from) => {
    const [answer] = await lab.send({ text: request("REGISTER") }, from, { replies: 1 });
    expect(answer).toMatch(/^SIP\/2\.0 403 /);
    expect(answer).not.toMatch(fingerprint);
  });
});

describe("without `trusted`, a stranger", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { trusted: [], enable_antiflood: false } });
  });
  afterAll(() => lab?.stop());

  it.each(transports)(
    "learns nothing of what answers over %s, and reaches nobody but recorders",
    async (transport) => {
      for (const { title, text } of requests.filter((each) => !each.title.startsWith("INVITE with"))) {
        if (title === "INVITE for another host") continue; // an ordinary call: it goes to a recorder
        const target = lab.target(transport);
        const payload = { text: text.replaceAll("SIP/2.0/UDP", `SIP/2.0/${transport.toUpperCase()}`) };
        const answers = await lab.send(payload, "stranger", { target, waitMs: 150 });
        for (const answer of answers) {
          expect(answer, title).toMatch(/^SIP\/2\.0 (200|403|405|481) /);
          expect(answer, title).not.toMatch(fingerprint);
          if (title !== "OPTIONS") expect(answer, title).not.toMatch(/^SIP\/2\.0 2/);
        }
      }
      await untouched(lab);
    },
  );

  it("calls of every kind are taken", async () => {
    expect(outcomes(await callsFromAll(lab, { calls: 1, holdMs: 100 }))).toEqual(ofEachKind({ ok: 1 }));
  });
});
