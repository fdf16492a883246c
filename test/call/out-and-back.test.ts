import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callsFromAll, outcomes, ofEachKind } from "../support/all-kinds.js";
import { CallLab, pause } from "../support/call-lab.js";
import { slackFromNow } from "../support/slack.js";

/**
 * Time limit in milliseconds: Kamailio pings every 2 s; two unanswered or four good pings decide (ds_probing_threshold,
 * ds_inactive_threshold).
 */
const twoProbes = 60_000;

const four = {
  recorders: Object.fromEntries(
    [0, 1, 2, 3].map((number) => [
      `recorder${number}`,
      { private_ip_address: `10.0.0.${3 + number}`, siprec_protocol: number % 2 === 0 ? "udp" : "tcp" },
    ]),
  ),
};

describe("recorders are taken out and back", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start(four);
  });
  afterAll(() => lab?.stop());

  /** The recorders' flags in `kamcmd dispatcher.list`, in the order of their addresses. */
  const flags = async () => {
    const list = await lab.proxy().kamcmd("dispatcher.list");
    const all = [...list.matchAll(/URI: sip:([\d.]+):.*?FLAGS: (\w+)/gs)].map(
      ([, ip, flag]) => `${ip} ${flag}`,
    );
    return all.sort().map((line) => line.split(" ")[1]);
  };
  const until = async (wanted: (flags: (string | undefined)[]) => boolean, most = twoProbes) => {
    const began = Date.now();
    while (!wanted(await flags())) {
      if (Date.now() - began > most) throw new Error(`after ${most} ms: ${(await flags()).join(" ")}`);
      await pause(200);
    }
  };

  it("by probing, by the result of calls, and back by probing", async () => {
    await until((all) => all.every((flag) => flag === "AP"));
    lab.recorder("recorder0").freeze(true);
    await lab.recorder("recorder1").stop();
    await lab.recorder("recorder2").behave({ invite: 500 });
    const asked = (await lab.recorder("recorder2").totals()).options;

    const { summary } = await lab.calls({ calls: 8, rate: 100, holdMs: 50 });
    expect(summary).toMatchObject({ outcomes: { ok: 8 }, answeredBy: { recorder3: 8 } });
    // recorder2 still answers OPTIONS, but its failed calls keep it out
    expect((await flags()).map((flag) => flag?.startsWith("A"))).toEqual([false, false, false, true]);

    await until((all) => all[0] === "IP" && all[1] === "IP");
    lab.recorder("recorder0").freeze(false);
    await lab.startRecorder("recorder1");
    await lab.recorder("recorder2").behave({ invite: "answer" });
    await until((all) => all.every((flag) => flag === "AP"));
    expect((await lab.recorder("recorder2").totals()).options).toBeGreaterThan(asked);
    const again = await lab.calls({ calls: 8, rate: 100, holdMs: 50 });
    expect(again.summary.answeredBy).toEqual({ recorder0: 2, recorder1: 2, recorder2: 2, recorder3: 2 });
  });

  it("all are down: 503 with Retry-After, nothing is relayed elsewhere, and back when one is", async () => {
    // measures calls on this machine without a fault
    const slack = slackFromNow();
    const well = await callsFromAll(lab, { calls: 2, rate: 100, holdMs: 50 });
    const usual = 4 * Math.max(...well.map(({ summary }) => summary.setUpMs.max));
    for (const recorder of lab.recorders.values()) recorder.freeze(true);
    const reports = await callsFromAll(lab, { calls: 2, rate: 100 });
    for (const { title, calls, summary } of reports) {
      expect(summary.byStatus, title).toEqual({ 503: 2 });
      for (const { setUpMs } of calls) expect(setUpMs, title).toBeLessThan(6000 + usual + slack());
    }
    expect(outcomes(reports)).toEqual(ofEachKind({ ok: 0, rejected: 2 }));
    await until((all) => all.every((flag) => !flag?.startsWith("A")));
    expect(await lab.ask("platform")).toEqual([503]);
    const [answer] = await lab.send({ text: outcall("203.0.113.10") }, "platform", { replies: 1 });
    expect(answer).toMatch(/^SIP\/2\.0 503 [^]*\r\nRetry-After: 10\r\n/);

    lab.recorder("recorder3").freeze(false);
    await until((all) => all[3] === "AP");
    expect(await lab.ask("platform")).toEqual([200]);
    expect((await lab.calls({ calls: 2, holdMs: 50 })).summary.answeredBy).toEqual({ recorder3: 2 });
  });
});

/** An INVITE for a foreign address, through the proxy. */
function outcall(to: string): string {
  return [
    `INVITE sip:somebody@${to}:5066 SIP/2.0`,
    "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
    "From: <sip:platform@{address}>;tag={tag}",
    `To: <sip:somebody@${to}>`,
    "Call-ID: {callId}",
    "CSeq: 1 INVITE",
    "Contact: <sip:platform@{address}:{port}>",
    `Route: <sip:${to}:5066;lr>`,
    "Max-Forwards: 70",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}
