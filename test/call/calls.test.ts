import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CallLab, kinds, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({}, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  describe.each(kinds)("from a platform with $title", ({ from, transport, job }) => {
    const to = () => ({ ...job, targets: [lab.target(transport)] });

    it("every packet of calls with hold and resume reaches the recorder that answered", () =>
      inTime(lab, async () => {
        const { calls, summary } = await lab.calls(
          { ...to(), calls: 8, rate: 20, holdMs: 1200, reinvite: "hold", rtp: { rtcp: true } },
          from,
        );
        expect(summary).toMatchObject({
          errors: {},
          outcomes: { ok: 8 },
          answeredBy: { recorder0: 4, recorder1: 4 },
        });
        const recorded = await lab.recorded();
        for (const call of calls) {
          const there = recorded.find(({ callId }) => callId === call.callId);
          expect(there).toMatchObject({ endedBy: "platform", reinvites: 2 });
          const arrived = there?.streams.map(({ packets, lost, ssrcs }) => ({ packets, lost, ssrcs }));
          expect(arrived).toEqual(
            call.rtp.map(({ packets, ssrc }) => ({ packets, lost: 0, ssrcs: { [ssrc]: packets } })),
          );
          expect((call.rtp[0]?.packets ?? 0) + summary.rtpMissed).toBeGreaterThan(25);
        }
      }));

    it("each side is told addresses that it can reach", async () => {
      const { calls } = await lab.calls({ ...to(), calls: 2, holdMs: 100, reinvite: "once" }, from);
      const { public_ip_address: outside, private_ip_address: inside } = lab.host();
      for (const call of calls) {
        expect(
          [...call.answer, ...call.reinvites.flatMap(({ answer }) => answer)].map((s) => s.address),
        ).toEqual(Array(4).fill(outside));
        expect(call.recordRoutes.join()).toContain(`sip:${outside}`);
      }
      const invites = [...lab.recorders.values()].flatMap((recorder) => recorder.invites);
      expect(invites).toHaveLength(2);
      for (const invite of invites) {
        expect(invite.offer.map((stream) => stream.address)).toEqual([inside, inside]);
        expect(invite.recordRoute[0]).toContain(`sip:${inside}:5070`);
        expect(invite.source.address).toBe(inside);
        expect(invite.metadata).toBe(true);
      }
    });

    it("a held call takes re-INVITEs and the BYE from its recorder", async () => {
      const platform = await lab.place({ ...to(), calls: 4, holdMs: null }, from);
      expect(await platform.allPlaced()).toMatchObject({ up: 4 });
      await lab.acknowledged();
      const sent = async () => (await platform.status()).rtpPackets;
      const before = await sent();
      await eventually(async () => expect(await sent()).toBeGreaterThan(before + 4 * 2 * 10));
      for (const recorder of lab.recorders.values()) {
        expect(await recorder.reinvite()).toEqual({ status: 200, count: 2 });
        expect(await recorder.reinvite("all", true)).toEqual({ status: 200, count: 2 });
        expect(await recorder.bye()).toEqual({ status: 200, count: 2 });
      }
      const { calls } = await platform.finished;
      expect(calls.map(({ outcome, byeBy, errors }) => ({ outcome, byeBy, errors }))).toEqual(
        Array(4).fill({ outcome: "ok", byeBy: "recorder", errors: [] }),
      );
      const packets = calls.flatMap(({ rtp }) => rtp.map((stream) => stream.packets));
      expect(packets).toHaveLength(4 * 2);
      expect(Math.min(...packets)).toBeGreaterThan(0);
    });
  });

  it("calls that have ended hold nothing, also where the recorder is gone at the BYE", async () => {
    const left = async () => (await lab.proxy().run("sip-proxy-drain", "status")).stdout.trim();
    await lab.calls({ calls: 4, holdMs: 100 });
    await eventually(async () => expect(await left()).toBe("calls=0"));
    const platform = await lab.place({ calls: 2, holdMs: null });
    await platform.allPlaced();
    await expect(left()).rejects.toThrow("calls=2");
    for (const recorder of lab.recorders.values()) await recorder.stop();
    await platform.byeAll();
    await platform.finished;
    await eventually(async () => expect(await left()).toBe("calls=0"));
    for (const name of lab.recorders.keys()) await lab.startRecorder(name);
  });
});
