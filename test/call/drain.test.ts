import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { attempt } from "../../src/do/process.js";
import { callsFromAll, ofEachKind, outcomes, placeFromAll } from "../support/all-kinds.js";
import { CallLab, withEachRelay } from "../support/call-lab.js";
import { inTime } from "../support/in-time.js";
import { allArrived } from "../support/recorded-packets.js";

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { drain_limit: 6 } }, { relay });
  });
  afterEach(async () => {
    await drain("undo");
    await lab.forget();
  });
  afterAll(() => lab?.stop());

  const drain = (...words: string[]) =>
    attempt(lab.proxy().sandbox.command({ argv: ["sip-proxy-drain", ...words], timeout: 60_000 }));
  const refused = async () => {
    const reports = await callsFromAll(lab, { calls: 1 });
    for (const { title, summary } of reports) expect(summary.byStatus, title).toEqual({ 503: 1 });
    expect(await lab.ask("platform")).toEqual([503]);
  };

  it("new calls get 503, running ones keep every packet, and it ends with the last one", () =>
    inTime(lab, async () => {
      const all = await placeFromAll(lab, { calls: 2, rate: 20, holdMs: null });
      await all.each((platform) => platform.allPlaced());
      expect((await drain("start")).exitCode).toBe(0);
      expect(await drain("status")).toMatchObject({ stdout: "calls=10", exitCode: 1 });
      const waiting = drain("wait");
      expect(await all.each((platform) => platform.reinviteAll())).toEqual(ofEachKind({ 200: 2 }));
      await all.each((platform) => platform.byeAll());
      const reports = await all.finished();
      expect(await waiting).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("drained") as string,
      });
      expect(await drain("status")).toMatchObject({ stdout: "calls=0", exitCode: 0 });

      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 2 }));
      await allArrived(lab, reports);
    }));

  it("refuses new calls of every kind until it is undone", async () => {
    await drain("start");
    await refused();
    expect((await drain("undo")).stdout).toContain("accepting calls again");
    expect(outcomes(await callsFromAll(lab, { calls: 1, holdMs: 50 }))).toEqual(ofEachKind({ ok: 1 }));
  });

  describe("with a call that does not end", () => {
    it("it gives up at drain_limit, and says how many are left", async () => {
      const platform = await lab.place({ calls: 2, holdMs: null });
      await platform.allPlaced();
      const { exitCode, stdout } = await drain();
      expect(exitCode).toBe(1);
      expect(stdout).toContain("calls are still up after 6 s (drain_limit): 2");
      expect((await platform.status()).up).toBe(2);
      await platform.byeAll();
      expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 2 }, errors: {} });
    });

    it("a restart of Kamailio neither undoes it nor forgets the call", async () => {
      const platform = await lab.place({ calls: 2, holdMs: null });
      await platform.allPlaced();
      await drain("start");
      await lab.proxy().kill("kamailio");
      await lab.proxy().startKamailio();
      expect((await drain("status")).stdout).toBe("calls=2");
      expect(await lab.ask("natted")).toEqual([503]);
      await platform.byeAll();
      expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 2 }, errors: {} });
      expect((await drain("status")).stdout).toBe("calls=0");
    });
  });
});
