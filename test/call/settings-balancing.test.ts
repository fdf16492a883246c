import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Hop } from "../../src/lab/sip/uri.js";
import { CallLab, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";
import { proxiesWith } from "../support/proxies.js";

// disp_set, disp_alg, and the recorders' siprec_port, siprec_protocol, siprec_flags, siprec_priority and siprec_attrs.

const row = (last: number, more: object = {}) => ({ private_ip_address: `10.0.0.${last}`, ...more });
const udp = (port: number) => ({ siprec_port: port, siprec_protocol: "udp" });

const recorders = {
  three: row(21, { ...udp(5060), siprec_attrs: "weight=75" }),
  one: row(22, { siprec_attrs: "weight=25;site=b" }),
  lots: row(23, { ...udp(5083), siprec_attrs: "weight=3", siprec_set: 2 }),
  few: row(24, { siprec_attrs: "weight=1", siprec_set: 2 }),
  low: row(25, { siprec_set: 3 }),
  high: row(26, { siprec_port: 5099, siprec_set: 3, siprec_priority: 10 }),
  disabled: row(27, { ...udp(5060), siprec_set: 3, siprec_priority: 20, siprec_flags: 4 }),
};

const proxies = proxiesWith({
  weighted: {},
  parts: { disp_set: 2 },
  percent: { disp_alg: 9 },
  turns: { disp_alg: 4 },
  priority: { disp_set: 3, disp_alg: 8 },
  hashed: { disp_set: 3, disp_alg: 0 },
  listed: { disp_set: "3,2" },
});
type Proxy = keyof typeof proxies;

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ proxies, recorders }, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  /** Places short calls through a proxy; returns the number of calls per recorder. */
  async function split(proxy: Proxy, calls: number): Promise<Record<string, number>> {
    const job = {
      targets: [lab.target("udp", proxy)],
      calls,
      rate: 40,
      maxConcurrent: 10,
      holdMs: 0,
      rtp: { rate: 0 },
    };
    const { summary } = await lab.calls({ ...job, quiet: true });
    expect(summary.outcomes.ok, JSON.stringify(summary)).toBe(calls);
    return summary.answeredBy;
  }

  it.each([["weighted", "three"] as const, ["parts", "lots"] as const, ["percent", "three"] as const])(
    "siprec_attrs: 200 calls through %s are split 75 to 25",
    async (proxy, heavier) => {
      const taken = await inTime(lab, () => split(proxy, 200));
      const share = ((taken[heavier] ?? 0) / 200) * 100;
      expect(Object.keys(taken)).toHaveLength(2);
      expect(Math.abs(share - 75)).toBeLessThanOrEqual(5);
    },
  );

  it("siprec_attrs: each 100 calls are split exactly; of a few in a row, all may go to one", async () => {
    const job = { targets: [lab.target("udp", "weighted")], calls: 200, rate: 100, maxConcurrent: 1 };
    const { calls } = await lab.calls({ ...job, holdMs: 0, rtp: { rate: 0 } });
    const order = calls.toSorted((a, b) => a.index - b.index).map(({ answeredBy }) => answeredBy);
    expect(order.slice(0, 100).filter((name) => name === "three")).toHaveLength(75);
    // Kamailio's workers share one list of 100, which is shuffled when the table is loaded and then repeated
    expect(order.slice(100)).toEqual(order.slice(0, 100));
  });

  it("siprec_attrs reach Kamailio as they were given", async () => {
    expect(await lab.proxy("weighted").kamcmd("dispatcher.list")).toMatch(/BODY: weight=25;site=b/);
  });

  it("disp_alg 4 takes recorders in turn, whatever their weights", async () => {
    expect(await split("turns", 20)).toEqual({ three: 10, one: 10 });
  });

  it("disp_alg 8 and siprec_priority: the highest gets all; siprec_flags 4 keeps one out", async () => {
    expect(await split("priority", 10)).toEqual({ high: 10 });
    expect(await lab.proxy("priority").kamcmd("dispatcher.list")).toMatch(
      /10\.0\.0\.27:5060;transport=udp\s+FLAGS: D/,
    );
    expect((await lab.recorder("disabled").totals()).invites).toBe(0);
  });

  it("disp_alg 0 gives one Call-ID always to the same recorder, and many to all", async () => {
    const sdp = [
      "v=0",
      "o=- 1 1 IN IP4 203.0.113.10",
      "s=-",
      "c=IN IP4 203.0.113.10",
      "t=0 0",
      "m=audio 4000 RTP/AVP 0",
      "",
    ];
    const body = sdp.join("\r\n");
    const invite = (callId: string) =>
      [
        "INVITE sip:recorder@198.51.100.15:5080 SIP/2.0",
        "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
        "Max-Forwards: 70",
        "From: <sip:platform@{address}>;tag={tag}",
        "To: <sip:recorder@198.51.100.15>",
        `Call-ID: ${callId}`,
        "CSeq: 1 INVITE",
        "Contact: <sip:platform@{address}:{port}>",
        "Content-Type: application/sdp",
        `Content-Length: ${body.length}`,
        "",
        body,
      ].join("\r\n");
    const target: Hop = lab.target("udp", "hashed");
    const taker = async (callId: string) => {
      const seen = () =>
        [...lab.recorders].flatMap(([name, { invites }]) =>
          invites.filter((invite) => invite.callId === callId).map(() => name),
        );
      // repeats INVITEs that the relay of a busy machine refused
      for (let missing = 3; missing > 0; missing = 3 - seen().length)
        await lab.send({ text: invite(callId) }, "platform", {
          target,
          count: missing,
          rate: 20,
          waitMs: 500,
        });
      const takers = seen();
      expect(new Set(takers).size).toBe(1);
      return takers[0];
    };
    const takers = new Set<string | undefined>();
    for (let n = 0; n < 12; n++) takers.add(await taker(`hashed-${relay}-${n}`));
    expect(takers).toEqual(new Set(["low", "high"]));
  });

  it("siprec_port and siprec_protocol say where and how a recorder is reached", async () => {
    // of 40 calls in random order (75 to 25), all go to the same recorder once in 100,000 runs
    await split("weighted", 40);
    await split("parts", 40);
    await split("priority", 2);
    const reached = (name: string) => {
      const uris = lab
        .recorder(name)
        .invites.map(({ source, via }) => `${source.transport} ${via[0]?.slice(0, 11)}`);
      return [...new Set(uris)];
    };
    expect(reached("three")).toEqual(["udp SIP/2.0/UDP"]);
    expect(reached("one")).toEqual(["tcp SIP/2.0/TCP"]);
    expect(reached("lots")).toEqual(["udp SIP/2.0/UDP"]);
    expect(reached("high")).toEqual(["tcp SIP/2.0/TCP"]);
  });

  describe("disp_set 3,2", () => {
    it("uses set 3 alone while it has a recorder, then set 2, and 3 again", async () => {
      expect(Object.keys(await split("listed", 8)).sort()).toEqual(["high", "low"]);
      await lab.recorder("high").stop();
      await lab.recorder("low").stop();
      const { few = 0, lots = 0 } = await split("listed", 8);
      expect(few + lots).toBe(8);
      await lab.startRecorder("high");
      await lab.startRecorder("low");
      await lab.proxy("listed").kamcmd("dispatcher.reload");
      await eventually(async () =>
        expect(Object.keys(await split("listed", 8)).sort()).toEqual(["high", "low"]),
      );
    });
  });
});
