import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Platform } from "../../src/lab/agents.js";
import { SIPREC_VARIANTS } from "../../src/lab/siprec-variants.js";
import { callsFromAll, ofEachKind, outcomes, placeFromAll } from "../support/all-kinds.js";
import { CallLab, pause, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";
import { allArrived } from "../support/recorded-packets.js";
import { slackFromNow } from "../support/slack.js";

const variants = Object.keys(SIPREC_VARIANTS).length;

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { rtp_start: 20000, rtp_stop: 20799 } }, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  it(`all ${variants} shapes of the INVITE are relayed`, () =>
    inTime(lab, async () => {
      expect(variants).toBe(16);
      const job = { calls: variants, rate: 20, holdMs: 300, variant: "all" } as const;
      const reports = await callsFromAll(lab, job);
      const refused = reports.flatMap(({ calls }) => calls.filter(({ outcome }) => outcome !== "ok"));
      expect(refused.map(({ variant, finalStatus }) => `${variant}: ${finalStatus}`)).toEqual([]);
      await allArrived(lab, reports);
    }));

  it("an offer of the recorder's, answered by the ACK, is relayed like one of the platform's", async () => {
    const slack = slackFromNow();
    const reports = await callsFromAll(lab, { calls: 4, rate: 20, holdMs: 300, lateOffer: true });
    const packetMs = 20;
    const overtook = 1 + Math.ceil(slack() / packetMs);
    expect(outcomes(reports)).toEqual(ofEachKind({ ok: 4 }));
    const recorded = await lab.recorded();
    for (const { callId, rtp } of reports.flatMap(({ calls }) => calls)) {
      const there = recorded.find((call) => call.callId === callId);
      // the first packets may overtake the ACK; before it, RTPProxy does not know the allowed sender
      for (const [index, { packets }] of rtp.entries())
        expect(there?.streams[index]?.packets, callId).toBeGreaterThanOrEqual(
          Math.max(1, packets - overtook),
        );
    }
  });

  it("media goes on after a pause in which nothing was sent", () =>
    inTime(lab, async () => {
      const all = await placeFromAll(lab, { calls: 2, rate: 20, holdMs: null });
      await all.each((platform) => platform.allPlaced());
      expect(await all.each((platform) => platform.reinviteAll("hold"))).toEqual(ofEachKind({ 200: 2 }));
      await pause(4000);
      expect(await all.each((platform) => platform.reinviteAll("resume"))).toEqual(ofEachKind({ 200: 2 }));
      const sent = async (platform: Platform) => (await platform.status()).rtpPackets;
      const before = await all.each(sent);
      await eventually(async () => {
        for (const [title, packets] of Object.entries(await all.each(sent)))
          expect(packets, title).toBeGreaterThan((before[title] ?? 0) + 40);
      });
      await all.each((platform) => platform.byeAll());
      const reports = await all.finished();
      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 2 }));
      await allArrived(lab, reports);
    }));

  it("a stranger who sprays RTP over the whole range gets none, and the recorders miss none", () =>
    inTime(lab, async () => {
      const all = await placeFromAll(lab, { calls: 2, rate: 50, holdMs: null });
      await all.each((platform) => platform.allPlaced());
      const { sent, received } = await lab.spray(3000, 5000);
      await all.each((platform) => platform.byeAll());
      const reports = await all.finished();
      expect(sent).toBeGreaterThan(5000);
      expect(received).toBe(0);
      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 2 }));
      const streams = (await lab.recorded()).flatMap((call) => call.streams);
      const ssrcs = new Set(
        reports.flatMap(({ calls }) => calls.flatMap(({ rtp }) => rtp.map(({ ssrc }) => ssrc))),
      );
      const lost = streams.reduce((sum, stream) => sum + stream.lost, 0);
      const packets = streams.reduce((sum, stream) => sum + stream.packets, 0);
      expect(lost / packets).toBeLessThan(0.001);
      for (const stream of streams)
        for (const ssrc of Object.keys(stream.ssrcs)) expect(ssrcs).toContain(Number(ssrc));
    }));

  describe("when the relay", () => {
    it("is full, the next call gets 503 and no silence, and the ones before go on", () =>
      inTime(lab, async () => {
        const platform = await lab.place({ calls: 120, rate: 40, holdMs: null, rtp: { rate: 5 } });
        await platform.allPlaced();
        const { up } = await platform.status();
        // 800 ports, eight per call; a full relay still counts as healthy
        const ask = ". /usr/lib/sip-proxy/common.sh; load_host; . $lib/relay.sh; relays_answer";
        await lab.proxy().run("bash", "-c", ask);
        await platform.byeAll();
        const { summary } = await platform.finished;
        expect(up).toBe(100);
        expect(summary.byStatus).toEqual({ 200: 100, 503: 20 });
        expect(summary.outcomes).toMatchObject({ ok: 100, rejected: 20 });
        const after = await lab.place({ calls: 90, rate: 40, holdMs: null, rtp: { rate: 5 } });
        await after.allPlaced();
        await after.byeAll();
        expect((await after.finished).summary.byStatus).toEqual({ 200: 90 });
      }));

    it("is killed, no call is answered un-relayed; from its start on calls are relayed again", async () => {
      await lab.proxy().kill(relay);
      const refused = await callsFromAll(lab, { calls: 2, rate: 20 });
      for (const { title, summary } of refused) expect(summary.byStatus, title).toEqual({ 503: 2 });
      await lab.proxy().startRelay();
      const reports = await callsFromAll(lab, { calls: 2, rate: 20, holdMs: 200 });
      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 2 }));
      await lab.recorded();
    });
  });
});
