import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Platform } from "../../src/lab/agents.js";
import { CallLab, pause, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";
import { endDialogs, restartRecorders, sessions } from "../support/sessions.js";
import { slackFromNow } from "../support/slack.js";

/** rtp_timeout of the watch in seconds. */
const timeout = 30;
const held = { calls: 4, rate: 40, holdMs: null, sipPort: 0 };
const silent = { ...held, rtp: { rate: 0 } };

/** SDP of a caller that is gone before the answer. */
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
    lab = await CallLab.start({ settings: { enable_metrics: true } }, { relay });
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
  /** Simulates a power failure of the platform: it sends nothing more. */
  const vanish = (platform: Platform) => platform.freeze(true);

  /** Log lines of this event, by Call-ID. */
  const told = (event: string) =>
    new Map(
      lab.proxy().log.flatMap((line): [string, string][] => {
        const [, callId = "", rest = ""] =
          new RegExp(`^call-watch: CALL event=${event} call_id=(\\S+) (.*)`).exec(line) ?? [];
        return callId === "" ? [] : [[callId, rest]];
      }),
    );
  const callIds = ({ events }: Platform) =>
    events.flatMap((event) => (event.event === "answered" ? [event.callId] : []));

  it("a call that is answered and whose packets do not come is told; not one on hold", async () => {
    const began = Date.now();
    const onHold = await placed(silent);
    expect((await onHold.reinviteAll("hold"))["200"]).toBe(held.calls);
    const inTime = Date.now() - began < 9000;
    const talking = await placed(held);
    const quiet = await placed(silent);
    await eventually(() =>
      expect([...told("unrecorded").keys()]).toEqual(expect.arrayContaining(callIds(quiet))),
    );
    const lines = told("unrecorded");
    for (const callId of callIds(quiet))
      expect(lines.get(callId)).toMatch(
        /^source=udp:203\.0\.113\.10:\d+ recorder=sip:10\.0\.0\.\S+ streams=1,2 reason=not_sent$/,
      );
    // these calls are older, so the watch has already checked them
    for (const callId of [...callIds(talking), ...(inTime ? callIds(onHold) : [])])
      expect(lines.get(callId)).toBeUndefined();
    const metrics = await lab.proxy().step("exporter", "once");
    const counted = [...metrics.matchAll(/^sip_proxy_unrecorded_calls_total\{(.*)\} (\d+)$/gm)];
    expect(counted.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(lines.size);
    for (const [, labels] of counted)
      expect(labels).toMatch(/^platform="203\.0\.113\.10",recorder="",uri="sip:10\.\S+",reason="not_sent"$/);
  });

  it("what came of a call is told at its end, for each stream", async () => {
    const talking = await placed(held);
    await eventually(async () => expect((await talking.status()).rtpPackets).toBeGreaterThan(200));
    await talking.sendMedia(false);
    const sent = (await talking.status()).rtpPackets;
    const arrived = async () => {
      const all = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.stats()));
      const own = all.flatMap(({ calls }) => calls).filter(({ callId }) => callIds(talking).includes(callId));
      return own.flatMap(({ streams }) => streams).reduce((sum, { packets }) => sum + packets, 0);
    };
    await eventually(async () => expect(await arrived()).toBe(sent));
    // the proxy queries the relay before it sends BYE's answer; silent recorders avoid a race here
    for (const recorder of lab.recorders.values()) await recorder.behave({ bye: "silent" });
    await talking.byeAll();
    const { calls } = await talking.finished;
    for (const recorder of lab.recorders.values()) await recorder.behave({ bye: "answer" });
    for (const { callId, rtp } of calls) {
      const packets = rtp.map((stream) => stream.packets).join(",");
      const knows =
        relay === "rtpproxy"
          ? `relayed=${packets} lost=0,0 jitter_ms=\\d+\\.\\d,\\d+\\.\\d`
          : `relayed=(${packets}|-,-) lost=-,- jitter_ms=-,-`;
      const line = await eventually(() => told("media").get(callId) ?? expect.fail());
      expect(line).toMatch(
        new RegExp(`^source=udp:203\\.\\S+ recorder=sip:10\\.\\S+ packets=${packets} ${knows}$`),
      );
    }
    const exposition = await eventually(async () => {
      const metrics = await lab.proxy().step("exporter", "once");
      const [, packets] =
        /^sip_proxy_stream_packets_total\{platform="203\.0\.113\.10"\} (\d+)$/m.exec(metrics) ?? [];
      expect(Number(packets)).toBeGreaterThanOrEqual(sent);
      return metrics;
    });
    const jitter = /^sip_proxy_stream_jitter_seconds_bucket\{le="\+Inf"\} (\d+)$/m.exec(exposition);
    if (relay === "rtpproxy") expect(Number(jitter?.[1])).toBeGreaterThanOrEqual(2 * calls.length);
    else expect(jitter).toBeNull();
  });

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

  it("calls outlive Kamailio's restart", () => {
    let slack = slackFromNow();
    const act = async () => {
      slack = slackFromNow();
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
    };
    // a busy machine can take the rest of rtp_timeout to start Kamailio, and nobody answers the probes of the quiet calls until then
    return inTime(lab, act, () => slack() > 5000);
  });
});
