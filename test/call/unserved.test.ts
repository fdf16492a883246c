import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Behaviour } from "../../src/lab/agents.js";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";
import { slackFromNow } from "../support/slack.js";

// A call that recorders cannot serve must not take recorders away from other calls. Recorders that serve no call must go out.

/** Calls for tests of signalling only. */
const brief = { holdMs: 100, rtp: { rate: 0 }, sipPort: 0, quiet: true };
const unservable: [string, string][] = [["X-Unservable", "yes"]];

/** The proxy's last messages, except those about calls that are themselves the cause. */
const told = (lab: CallLab) =>
  lab
    .proxy()
    .log.filter((line) => !line.includes("the call is the cause"))
    .slice(-20)
    .join("\n");

/** Sets the behaviour of all recorders. */
async function behave(lab: CallLab, behaviour: Partial<Behaviour>): Promise<void> {
  for (const recorder of lab.recorders.values()) await recorder.behave(behaviour);
}

/** Waits until all recorders are up and have taken calls. */
async function recovered(lab: CallLab): Promise<void> {
  await behave(lab, { invite: "answer" });
  await eventually(async () => expect(await down(lab)).toEqual([]));
  const { summary } = await lab.calls({ ...brief, calls: 10 });
  expect(Object.keys(summary.answeredBy)).toHaveLength(lab.recorders.size);
}

/** The flags of the recorders that are down. */
async function down(lab: CallLab): Promise<string[]> {
  return (await lab.proxy().kamcmd("dispatcher.list")).match(/FLAGS: [ID]/g) ?? [];
}

/** Calls that no recorder serves; other calls and OPTIONS at the same time. */
async function both(lab: CallLab) {
  const slack = slackFromNow();
  const unserved = await lab.place({ ...brief, calls: 80, rate: 10, headers: unservable });
  const good = await lab.place({ ...brief, calls: 200, rate: 20 });
  const asked = await lab.ask("platform", { count: 90, rate: 10 });
  const [beside, bad] = [(await good.finished).summary, (await unserved.finished).summary];
  return { beside, asked, bad, slack: slack() };
}

describe("calls that no recorder can serve", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start();
  });
  afterAll(() => lab?.stop());

  it.each([
    { way: "answered 500", unserved: 500, most: 1000 },
    { way: "left without any answer", unserved: "silent", most: 6500 },
    { way: "answered 100 and no more", unserved: "trying-then-silent", most: 6500 },
  ] as const)("$way, refuse no call beside them", ({ unserved, most }) => {
    const check = async () => {
      await recovered(lab);
      await behave(lab, { unservable: unserved });
      const { beside, asked, bad, slack } = await both(lab);
      const { byStatus, outcomes, errors } = beside;
      expect({ byStatus, ok: outcomes.ok, errors }, told(lab)).toEqual({
        byStatus: { 200: 200 },
        ok: 200,
        errors: {},
      });
      expect(bad.byStatus).toEqual({ 503: 80 });
      expect(bad.setUpMs.max).toBeLessThan(most + slack);
      expect(new Set(asked), told(lab)).toEqual(new Set([200]));
      expect(await down(lab)).toEqual([]);
      expect(lab.proxy().log.filter((line) => /rvalue/.test(line))).toEqual([]);
      expect(lab.proxy().log.join("\n")).toContain("the call is the cause, its recorders stay");
    };
    // the limit of a recorder's delay
    return inTime(lab, check, async () => (await lab.lateMs()) >= 300);
  });

  it("are told from recorders that serve nobody: those leave, OPTIONS get 503, and calls bring them back", async () => {
    await behave(lab, { invite: 500 });
    const failing = await lab.place({ ...brief, calls: 1000, rate: 5 });
    await eventually(async () => expect(await lab.ask()).toEqual([503]));
    await failing.stop();
    await behave(lab, { invite: "answer" });
    expect((await lab.calls({ ...brief, calls: 10 })).summary.outcomes.ok).toBe(10);
    expect(await lab.ask()).toEqual([200]);
  });

  it("are told from recorders that serve nobody for a moment, when OPTIONS ask", async () => {
    await recovered(lab);
    await behave(lab, { invite: 500 });
    await lab.calls({ ...brief, calls: 12, rate: 20 });
    expect(await lab.ask()).toEqual([200]);
    await eventually(async () => expect(await lab.ask()).toEqual([503]));
    await behave(lab, { invite: "answer" });
    await eventually(async () => expect(await lab.ask()).toEqual([200]));
    expect((await lab.calls({ ...brief, calls: 10 })).summary.outcomes.ok).toBe(10);
  });

  it("are told from a recorder that fails them all: it leaves with the second call", async () => {
    await recovered(lab);
    await lab.recorder("recorder0").behave({ invite: 500 });
    expect((await lab.calls({ ...brief, calls: 4, rate: 4 })).summary.outcomes.ok).toBe(4);
    expect(await down(lab)).toHaveLength(1);
    expect(lab.proxy().log.join("\n")).toContain(
      "recorder sip:10.0.0.3:5060;transport=udp fails calls, taken out",
    );
    await lab.recorder("recorder0").behave({ invite: "answer" });
  });
});

describe("a recorder that redirects calls", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start();
  });
  afterAll(() => lab?.stop());

  it("to another one of the list is followed there", async () => {
    const redirectTo = "sip:session7@10.0.0.4:5080;transport=tcp";
    await lab.recorder("recorder0").behave({ invite: 302, redirectTo });
    const { summary } = await lab.calls({ ...brief, calls: 4, rate: 20 });
    expect(summary).toMatchObject({ outcomes: { ok: 4 }, answeredBy: { recorder1: 4 } });
    expect(lab.recorder("recorder1").invites.map(({ requestUri }) => requestUri)).toContain(redirectTo);
  });

  it("without a port, to that of SIP", async () => {
    await lab.recorder("recorder0").behave({ invite: "answer" });
    await lab.recorder("recorder1").behave({ invite: 302, redirectTo: "sip:10.0.0.3" });
    const { summary } = await lab.calls({ ...brief, calls: 4, rate: 20 });
    expect(summary).toMatchObject({ outcomes: { ok: 4 }, answeredBy: { recorder0: 4 } });
    expect(lab.recorder("recorder0").invites.map(({ requestUri }) => requestUri)).toContain("sip:10.0.0.3");
  });

  it("to anybody else is not: another recorder takes them", async () => {
    await lab.recorder("recorder1").behave({ invite: "answer" });
    await lab.recorder("recorder0").behave({ invite: 302, redirectTo: "sip:203.0.113.10:5060" });
    const { summary } = await lab.calls({ ...brief, calls: 4, rate: 20 });
    expect(summary).toMatchObject({ outcomes: { ok: 4 }, answeredBy: { recorder1: 4 } });
  });
});

describe("the only recorder", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ recorders: { recorder0: { private_ip_address: "10.0.0.3" } } });
  });
  afterAll(() => lab?.stop());

  it("leaves when it fails two calls in a row, and is back with the first that it serves", async () => {
    await lab.recorder("recorder0").behave({ invite: 500 });
    await lab.calls({ ...brief, calls: 2, rate: 10 });
    expect(await lab.ask()).toEqual([503]);
    await lab.recorder("recorder0").behave({ invite: "answer" });
    await eventually(async () => expect((await lab.calls({ ...brief })).summary.outcomes.ok).toBe(1));
    expect(await lab.ask()).toEqual([200]);
  });
});
