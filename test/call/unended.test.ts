import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Platform } from "../../src/lab/agents.js";
import { CallLab, pause, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { endDialogs, restartRecorders, sessions } from "../support/sessions.js";
import { slackFromNow } from "../support/slack.js";

/** Seconds: rtp_timeout as the watch is told here. */
const timeout = 30;
const held = { calls: 4, rate: 40, holdMs: null, sipPort: 0 };
const silent = { ...held, rtp: { rate: 0 } };

/** Somebody who calls, and is gone before the answer. */
const sdp = [
  "v=0",
  "o=- 1 1 IN IP4 {address}",
  "s=-",
  "c=IN IP4 {address}",
  "t=0 0",
  "m=audio 20000 RTP/AVP 0",
  "",
].join("\r\n");
const unacknowledged = [
  "INVITE sip:recorder@198.51.100.10:5080 SIP/2.0",
  "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
  "From: <sip:platform@{address}>;tag={tag}",
  "To: <sip:recorder@198.51.100.10>",
  "Call-ID: {callId}",
  "CSeq: 1 INVITE",
  "Contact: <sip:platform@{address}:{port}>",
  "Max-Forwards: 70",
  "Content-Type: application/sdp",
  "",
  sdp,
].join("\r\n");

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({}, { relay });
    await lab
      .proxy()
      .run("sed", "-i", `s/^RTP_TIMEOUT=.*/RTP_TIMEOUT=${timeout}/`, "/etc/sip-proxy/host.env");
    lab.proxy().startWatch("call-watch");
  });
  afterEach(async () => {
    await lab.forget();
    for (const recorder of lab.recorders.values())
      await recorder.behave({ invite: "answer", options: "answer" });
    await none();
  });
  afterAll(() => lab?.stop());

  /** Resolves when the relay holds nothing; fails after a minute. */
  const none = () => eventually(async () => expect(await sessions(lab)).toBe(0), 60_000);
  const placed = async (job: Parameters<CallLab["place"]>[0]) => {
    const platform = await lab.place(job);
    await platform.allPlaced();
    expect((await platform.status()).up).toBe(held.calls);
    expect(await sessions(lab)).toBeGreaterThan(0);
    return platform;
  };
  const dialogs = async () => Number(/all: (\d+)/.exec(await lab.proxy().kamcmd("dlg.stats_active"))?.[1]);
  /** Like a machine that loses power: nothing more is sent. */
  const vanish = (platform: Platform) => platform.freeze(true);

  it("calls whose platform and recorder are gone end within rtp_timeout; those on hold stay", async () => {
    const gone = await placed(silent);
    vanish(gone);
    await restartRecorders(lab);
    const onHold = await placed(silent);
    await pause((timeout + 15) * 1000);
    expect(await dialogs()).toBe(held.calls);
    expect((await onHold.reinviteAll())["200"]).toBe(held.calls);
    await onHold.byeAll();
    expect((await onHold.finished).summary.outcomes.ok).toBe(held.calls);
    await none();
    expect(await dialogs()).toBe(0);
  });

  it("a call that one end still has stays, whatever that one answers", async () => {
    const gone = await placed(silent);
    vanish(gone);
    await pause((timeout + 15) * 1000);
    expect(await dialogs()).toBe(held.calls);
    gone.freeze(false);
    await gone.byeAll();
    expect((await gone.finished).summary.outcomes.ok).toBe(held.calls);
  });

  it("a dialog that Kamailio ends frees its media", async () => {
    await placed(held);
    await endDialogs(lab);
    await none();
  });

  it("calls of which an end says 481 end at once when the other end is gone, too", async () => {
    const gone = await placed(silent);
    await restartRecorders(lab);
    expect(await gone.reinviteAll()).toEqual({ 481: held.calls });
    vanish(gone);
    const began = Date.now();
    const slack = slackFromNow();
    await none();
    expect(Date.now() - began).toBeLessThan(timeout * 1000 + slack());
  });

  it("an answer that nobody acknowledges is no call", async () => {
    await lab.send({ text: unacknowledged }, "platform", { until: "SIP/2.0 200", sipPort: 0 });
    expect(await sessions(lab)).toBeGreaterThan(0);
    const began = Date.now();
    await none();
    expect(Date.now() - began).toBeGreaterThan(20_000);
    expect(await dialogs()).toBe(0);
  });

  it("what is being set up when Kamailio is killed is freed", async () => {
    for (const recorder of lab.recorders.values()) await recorder.behave({ invite: "trying-then-silent" });
    await lab.place({ ...held, rate: 40 });
    await eventually(async () => expect(await sessions(lab)).toBeGreaterThan(0));
    await lab.proxy().kill("kamailio");
    await lab.forget();
    await lab.proxy().startKamailio();
    await none();
  });

  it("calls outlive Kamailio's restart", async () => {
    const talking = await placed(held);
    const quiet = await placed(silent);
    await pause(6000);
    await lab.proxy().kill("kamailio");
    await lab.proxy().startKamailio();
    const before = await sessions(lab);
    await pause(12_000);
    expect(await sessions(lab)).toBe(before);
    for (const platform of [talking, quiet]) {
      expect((await platform.reinviteAll())["200"]).toBe(held.calls);
      await platform.byeAll();
      expect((await platform.finished).summary.outcomes.ok).toBe(held.calls);
    }
  });
});
