import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";

// Platforms behind edges that record-route every request, including requests to the platform in a dialog (OpenSIPS' default script).

describe("a platform's answer to a recorder, with its edge's Record-Route", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start();
  });
  afterAll(() => lab?.stop());

  it("goes to the recorder, and disturbs no other call", async () => {
    const others = await lab.place({ calls: 12, rate: 50, holdMs: null, sipPort: 0 });
    await others.allPlaced();
    const answerHeaders: [string, string][] = [["Record-Route", "<sip:203.0.113.10:5060;lr>"]];
    const behindEdge = await lab.place({ calls: 4, rate: 50, holdMs: null, answerHeaders });
    await behindEdge.allPlaced();
    await lab.acknowledged();
    for (let round = 0; round < 4; round++) {
      const [status] = await Promise.all([
        Promise.all([...lab.recorders.values()].map((recorder) => recorder.reinvite())),
        others.reinviteAll().then((byStatus) => expect(byStatus).toEqual({ 200: 12 })),
      ]);
      expect(status.map((each) => each.status)).toEqual([200, 200]);
    }
    for (const platform of [others, behindEdge]) await platform.byeAll();
    expect((await behindEdge.finished).summary.outcomes.ok).toBe(4);
    expect((await others.finished).summary.outcomes.ok).toBe(12);
    const totals = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
    expect(totals.map(({ unknownDialog, noAck }) => ({ unknownDialog, noAck }))).toEqual(
      totals.map(() => ({ unknownDialog: 0, noAck: 0 })),
    );
  });
});
