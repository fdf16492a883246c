import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { callsFromAll, ofEachKind, outcomes, placeFromAll } from "../support/all-kinds.js";
import { CallLab, pause, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({}, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  const totals = () => Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
  const sum = async (count: "unknownDialog" | "reinvites" | "invites" | "cancels" | "stray") =>
    (await totals()).reduce((all, each) => all + each[count], 0);

  it("200 re-INVITEs, UPDATE, PRACK, INFO and BYE go to the recorder that holds the call", async () => {
    const before = await sum("reinvites");
    const all = await placeFromAll(lab, { calls: 8, rate: 40, holdMs: null });
    expect(await all.each((platform) => platform.allPlaced().then(({ up }) => up))).toEqual(ofEachKind(8));
    for (const kind of ["refresh", "hold", "resume", "refresh", "refresh"] as const) {
      expect(await all.each((platform) => platform.reinviteAll(kind))).toEqual(ofEachKind({ 200: 8 }));
    }
    for (const method of ["UPDATE", "PRACK", "INFO"] as const) {
      expect(await all.each((platform) => platform.requestAll(method))).toEqual(ofEachKind({ 200: 8 }));
    }
    await all.each((platform) => platform.byeAll());
    expect(outcomes(await all.finished())).toEqual(ofEachKind({ ok: 8 }));
    expect((await sum("reinvites")) - before).toBe(5 * 5 * 8);
    expect(await sum("unknownDialog")).toBe(0);
    await lab.acknowledged();
  });

  it("the ACK of what the proxy itself refuses goes no further", async () => {
    const before = { reinvites: await sum("reinvites"), stray: await sum("stray") };
    const all = await placeFromAll(lab, { calls: 4, rate: 40, holdMs: null });
    await all.each((platform) => platform.allPlaced());
    expect(await all.each((platform) => platform.reinviteAll("named"))).toEqual(ofEachKind({ 488: 4 }));
    expect(await all.each((platform) => platform.reinviteAll())).toEqual(ofEachKind({ 200: 4 }));
    await all.each((platform) => platform.byeAll());
    expect(outcomes(await all.finished())).toEqual(ofEachKind({ ok: 0, broken: 4, "re-INVITE: 488": 4 }));
    await lab.recorded();
    expect(await sum("reinvites")).toBe(before.reinvites + 5 * 4);
    expect(await sum("stray")).toBe(before.stray);
  });

  it("a recorder that leaves the list keeps the calls that it has", async () => {
    const readdress = async (from: string, to: string) => {
      const change = `UPDATE dispatcher SET destination = replace(destination, '${from}', '${to}')`;
      await lab.postgres?.query(change, "kamailio");
      await lab.proxy().kamcmd("dispatcher.reload");
    };
    const platform = await lab.place({ targets: [lab.target("udp")], calls: 4, holdMs: null });
    expect(await platform.allPlaced()).toMatchObject({ up: 4 });
    await readdress("10.0.0.3:", "10.0.0.77:");
    expect(await lab.proxy().kamcmd("dispatcher.list")).not.toContain("10.0.0.3:");
    expect(await platform.reinviteAll()).toEqual({ 200: 4 });
    await platform.byeAll();
    expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 4 }, errors: {} });
    await readdress("10.0.0.77:", "10.0.0.3:");
  });

  it("Kamailio is restarted under calls: re-INVITE and BYE work, and no packet is lost", async () => {
    const all = await placeFromAll(lab, { calls: 4, rate: 40, holdMs: null });
    await all.each((platform) => platform.allPlaced());
    await lab.proxy().kill("kamailio");
    await pause(1000);
    await lab.proxy().startKamailio();
    expect(await all.each((platform) => platform.reinviteAll())).toEqual(ofEachKind({ 200: 4 }));
    await all.each((platform) => platform.byeAll());
    const reports = await all.finished();
    expect(outcomes(reports)).toEqual(ofEachKind({ ok: 4 }));
    const recorded = await lab.recorded();
    for (const call of reports.flatMap(({ calls }) => calls)) {
      const there = recorded.find(({ callId }) => callId === call.callId);
      expect(there?.endedBy).toBe("platform");
      expect(there?.streams.map(({ packets }) => packets)).toEqual(call.rtp.map(({ packets }) => packets));
    }
  });

  it("the recorder's re-INVITE and BYE find the platform after a restart too", async () => {
    const all = await placeFromAll(lab, { calls: 2, holdMs: null });
    await all.each((platform) => platform.allPlaced());
    await lab.proxy().kill("kamailio");
    await lab.proxy().startKamailio();
    // a platform that is reached over its own connection has to open it anew first
    expect(await all.each((platform) => platform.reinviteAll())).toEqual(ofEachKind({ 200: 2 }));
    const recorders = [...lab.recorders.values()];
    for (const recorder of recorders) expect(await recorder.reinvite()).toMatchObject({ status: 200 });
    // the relay's ports close before the BYE is through
    await all.each((platform) => platform.sendMedia(false));
    for (const recorder of recorders) expect(await recorder.bye()).toMatchObject({ status: 200 });
    expect(outcomes(await all.finished())).toEqual(ofEachKind({ ok: 2 }));
  });

  describe("a call that is not answered yet", () => {
    it("is cancelled at its recorder, and nowhere else", async () => {
      for (const recorder of lab.recorders.values()) {
        await recorder.behave({ ringing: true, answerAfterMs: 3000 });
      }
      const before = { invites: await sum("invites"), cancels: await sum("cancels") };
      const reports = await callsFromAll(lab, { calls: 2, ringForMs: 400 });
      for (const { calls } of reports) {
        expect(calls.map(({ attempts }) => attempts[0]?.why)).toEqual(Array(2).fill("cancelled, 487"));
      }
      await eventually(async () => expect(await sum("cancels")).toBe(before.cancels + 10));
      expect(await sum("invites")).toBe(before.invites + 10);
      for (const recorder of lab.recorders.values()) {
        await recorder.behave({ ringing: false, answerAfterMs: 0 });
      }
    });

    it("refused for its session timer, the refusal goes back as it is", async () => {
      for (const recorder of lab.recorders.values()) await recorder.behave({ invite: 422 });
      const headers: [string, string][] = [["Session-Expires", "30;refresher=uac"]];
      for (const { summary } of await callsFromAll(lab, { calls: 1, headers })) {
        expect(summary.byStatus).toEqual({ 422: 1 });
      }
      for (const recorder of lab.recorders.values()) await recorder.behave({ invite: "answer" });
      expect(outcomes(await callsFromAll(lab, { calls: 2, holdMs: 200 }))).toEqual(ofEachKind({ ok: 2 }));
    });

    // without Content-Length, which over UDP may be left out (RFC 3261, 18.3)
    it("is offered once, however often its INVITE comes", async () => {
      const invite = [
        "INVITE sip:recorder@198.51.100.10:5080 SIP/2.0",
        "Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK-again;rport",
        "From: <sip:platform@{address}>;tag=again",
        "To: <sip:recorder@198.51.100.10>",
        "Call-ID: again@{address}",
        "CSeq: 1 INVITE",
        "Contact: <sip:platform@{address}:{port}>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        "",
        "v=0\r\no=- 1 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN IP4 203.0.113.10\r\nt=0 0",
        "m=audio 40000 RTP/AVP 0\r\na=sendonly\r\na=label:1\r\n",
      ].join("\r\n");
      const before = await sum("invites");
      for (const from of ["platform", "natted"] as const) {
        const text = invite.replaceAll("again", `again-${from}`);
        const answers = await lab.send({ text }, from, { count: 5, rate: 50, until: "SIP/2.0 200" });
        expect(answers.filter((answer) => answer.startsWith("SIP/2.0 200"))).not.toEqual([]);
      }
      expect(await sum("invites")).toBe(before + 2);
      // nobody is there to answer it
      for (const recorder of lab.recorders.values()) void recorder.bye().catch(() => undefined);
    });

    it("on a network that loses packets is set up and ended all the same", async () => {
      const before = await sum("invites");
      // of a thousand: a request is sent three times before it is given up, so more would end a BYE now and then
      await lab.network.lose("sipproxy0", 40);
      const reports = await callsFromAll(lab, { calls: 4, rate: 20, holdMs: 300 });
      await lab.network.mend("sipproxy0");
      expect(outcomes(reports)).toEqual(ofEachKind({ ok: 4 }));
      expect((await sum("invites")) - before).toBeGreaterThanOrEqual(20);
      await lab.recorded();
    });
  });
});
