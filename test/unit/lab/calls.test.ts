import { afterEach, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { CallsRun } from "../../../src/lab/platform/calls.js";
import type { CallResult, CallsJob, PlatformEvent } from "../../../src/lab/platform/protocol.js";
import { obey } from "../../../src/lab/recorder/control.js";
import type { Behaviour, RecorderEvent } from "../../../src/lab/recorder/protocol.js";
import { RecorderServer } from "../../../src/lab/recorder/server.js";
import type { Hop } from "../../../src/lab/sip/uri.js";
import { VARIANT_NAMES } from "../../../src/lab/siprec-variants.js";
import { eventually } from "../../support/eventually.js";

const HERE = "127.0.0.1";
/** Short timers, but a long limit, so that no call is given up on a busy machine. */
const FAST = { t1: 30, t2: 120, giveUp: 20_000, linger: 400 };
/** Timers for tests of giving up. */
const IMPATIENT = { timers: { ...FAST, giveUp: 1500 } };
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function recorder(
  name: string,
  behaviour: Partial<Behaviour> = {},
  transport: Hop["transport"] = "udp",
) {
  const events: RecorderEvent[] = [];
  const ports: [number, number] = [30_000, 31_999];
  const server = new RecorderServer(
    {
      name,
      listen: [{ transport, address: HERE, port: 0 }],
      rtp: { ports },
      behaviour,
      timers: FAST,
      lingerMs: 50,
    },
    (event) => events.push(event),
  );
  const [hop] = await server.listen();
  open.push({ close: () => server.stack.close() });
  const stats = async () =>
    (await obey(server, { cmd: "stats" })) as Extract<RecorderEvent, { event: "stats" }>;
  return { server, hop: hop as Hop, events, stats };
}

async function place(targets: Hop[], more: Partial<CallsJob> = {}) {
  const events: PlatformEvent[] = [];
  const job: CallsJob = {
    type: "calls",
    localAddress: HERE,
    sipPort: 0,
    targets,
    calls: 1,
    holdMs: 200,
    rate: 100,
    rtp: { ports: [32_000, 33_999] },
    timers: FAST,
    ...more,
  };
  const run = await CallsRun.open(job, (event) => events.push(event));
  open.push(run);
  const calls = () => events.filter((event) => event.event === "call") as CallResult[];
  return { run, events, calls, finished: run.run() };
}

describe.each(["udp", "tcp"] as const)("over %s", (transport) => {
  it("each variant is answered, and every packet of both streams arrives", async () => {
    const { hop, stats } = await recorder("rec", {}, transport);
    const { finished, calls } = await place([hop], { calls: 16, variant: "all" });
    const summary = await finished;
    expect(summary.outcomes).toMatchObject({ ok: 16 });
    expect(
      calls()
        .map((call) => call.variant)
        .sort(),
    ).toEqual([...VARIANT_NAMES].sort());
    await eventually(async () => {
      const { totals, calls: recorded } = await stats();
      expect(totals).toMatchObject({
        invites: 16,
        acks: 16,
        byes: 16,
        active: 0,
        rtpLost: 0,
        unknownDialog: 0,
      });
      for (const call of calls()) {
        const there = recorded.find((one) => one.callId === call.callId);
        expect(there?.streams.map((stream) => stream.packets)).toEqual(
          call.rtp.map((stream) => stream.packets),
        );
        expect(there?.streams.map((stream) => stream.ssrcs)).toEqual(
          // a busy machine may end a call before its first packet
          call.rtp.map(({ ssrc, packets }) => (packets === 0 ? {} : { [ssrc]: packets })),
        );
      }
    });
  });

  it("hold and resume pause the media and go to the same call", async () => {
    const { hop, events } = await recorder("rec", {}, transport);
    const { finished, calls } = await place([hop], { reinvite: "hold", holdMs: 600 });
    const { outcomes, seconds } = await finished;
    expect(outcomes.ok).toBe(1);
    expect(
      calls()[0]?.reinvites.map(({ kind, status, answer }) => [kind, status, answer[0]?.direction]),
    ).toEqual([
      ["hold", 200, "inactive"],
      ["resume", 200, "recvonly"],
    ]);
    expect(calls()[0]?.rtp[0]?.packets).toBeLessThan(seconds * 50 - 5);
    expect(events.filter((event) => event.event === "reinvite")).toHaveLength(2);
  });

  it("the recorder can send a re-INVITE and BYE", async () => {
    const { hop, server, stats } = await recorder("rec", {}, transport);
    const { finished, calls } = await place([hop], { bye: "recorder", holdMs: 50, calls: 2 });
    await eventually(async () => expect((await stats()).totals.acks).toBe(2));
    expect(await obey(server, { cmd: "reinvite", callId: "all", hold: true, id: 4 })).toEqual({
      event: "done",
      id: 4,
      cmd: "reinvite",
      status: 200,
      count: 2,
    });
    expect(await obey(server, { cmd: "bye", callId: "all" })).toMatchObject({ status: 200, count: 2 });
    expect((await finished).outcomes.ok).toBe(2);
    expect(calls().map((call) => [call.byeBy, call.reinvited])).toEqual([
      ["recorder", 1],
      ["recorder", 1],
    ]);
  });
});

describe("what a platform presents", () => {
  const invited = async (more: Partial<CallsJob>, transport: Hop["transport"]) => {
    const { hop, events } = await recorder("rec", {}, transport);
    const { finished, run } = await place([hop], { ...more, holdMs: 20, bye: "none" });
    await finished;
    const invite = events.find((event) => event.event === "invite");
    return { invite, sipPort: run.sipPort, via: invite?.via[0] ?? "", source: invite?.source.port ?? 0 };
  };

  it("public: its address and listening port", async () => {
    const { via, sipPort, invite } = await invited({}, "tcp");
    expect(via).toMatch(new RegExp(`^SIP/2.0/TCP 127.0.0.1:${sipPort};`));
    expect(invite?.contact[0]).toBe(`<sip:platform@127.0.0.1:${sipPort};transport=tcp>;+sip.src`);
  });

  it("private: a private address in Via, Contact and SDP", async () => {
    const { via, invite } = await invited({ kind: "private" }, "udp");
    expect(via).toContain(" 192.168.77.10:");
    expect(invite?.contact[0]).toContain("@192.168.77.10:");
    expect(invite?.offer.map((stream) => stream.address)).toEqual(["192.168.77.10", "192.168.77.10"]);
  });

  it("tcp-source-port: the connection's real port in Via and Contact", async () => {
    const { via, source, sipPort, invite } = await invited({ kind: "tcp-source-port" }, "tcp");
    expect(source).not.toBe(sipPort);
    expect(via).toContain(` 127.0.0.1:${source};`);
    expect(invite?.contact[0]).toContain(`:${source};`);
  });
});

describe("when a target fails", () => {
  it.each([
    ["503", 503, 503],
    ["nothing", "silent", 0],
    ["100 and nothing more", "trying-then-silent", 0],
  ] as const)("%s: the call goes to the next", async (_, invite, status) => {
    const bad = await recorder("bad", { invite });
    const good = await recorder("good");
    const { finished, calls } = await place([bad.hop, good.hop], { ...IMPATIENT, ringForMs: 200, calls: 2 });
    expect((await finished).answeredBy).toEqual({ good: 2 });
    expect(calls()[0]?.attempts.map((attempt) => attempt.status)).toEqual([status, 200]);
  });

  it("a refused connection: at once, and while avoided the next call tries the other first", async () => {
    const bad = await recorder("bad", {}, "tcp");
    const good = await recorder("good");
    bad.server.stack.close();
    const { finished, calls } = await place([bad.hop, good.hop], { calls: 2, rate: 5, avoidMs: 5000 });
    expect((await finished).outcomes.ok).toBe(2);
    expect(calls().map((call) => call.attempts.length)).toEqual([2, 1]);
  });

  it("486 is final", async () => {
    const bad = await recorder("bad", { invite: 486 });
    const good = await recorder("good");
    const { finished } = await place([bad.hop, good.hop]);
    expect(await finished).toMatchObject({ outcomes: { rejected: 1 }, byStatus: { 486: 1 } });
  });

  it("OPTIONS answered 503: the target is tried last", async () => {
    const bad = await recorder("bad", { options: 503 });
    const good = await recorder("good");
    const { finished, calls } = await place([bad.hop, good.hop], { calls: 40, rate: 20, monitorMs: 1000 });
    await finished;
    // from the first call at the good target on: on a busy machine, the answer to OPTIONS takes a while
    const inTurn = calls().sort((a, b) => a.index - b.index);
    const takers = inTurn.map(({ answeredBy }) => answeredBy);
    expect(takers.slice(takers.indexOf("good")).sort()[0]).toBe("good");
  });

  it("calls are spread over the targets in turn", async () => {
    const [one, two] = [await recorder("one"), await recorder("two")];
    const { finished } = await place([one.hop, two.hop], { calls: 10, spread: "round-robin" });
    expect((await finished).answeredBy).toEqual({ one: 5, two: 5 });
  });
});

describe("when a call breaks", () => {
  it("a re-INVITE that is refused, or never answered, is told, and the call still ends", async () => {
    for (const reinvite of [481, "silent"] as const) {
      const { hop } = await recorder("rec", { reinvite });
      const { finished, calls } = await place([hop], { ...IMPATIENT, reinvite: "once" });
      expect((await finished).outcomes.broken).toBe(1);
      expect(calls()[0]?.errors[0]).toMatch(/^re-INVITE: /);
      expect(calls()[0]?.byeStatus).toBe(200);
    }
  });

  it("a BYE that is never answered is told", async () => {
    const { hop } = await recorder("rec", { bye: "silent" });
    const { finished, calls } = await place([hop], IMPATIENT);
    expect((await finished).outcomes.broken).toBe(1);
    expect(calls()[0]?.errors[0]).toContain("BYE: timeout");
  });

  it("a request within an unknown dialog is answered 481 and counted", async () => {
    const { hop, server, stats } = await recorder("rec");
    const { run, finished, calls } = await place([hop], { holdMs: null });
    await eventually(async () => expect((await stats()).totals.acks).toBe(1));
    for (const call of server.book.chosen("all")) await server.book.end(call, "recorder");
    expect(await run.obey({ cmd: "reinvite-all", id: 1 })).toMatchObject({
      event: "done",
      byStatus: { 481: 1 },
    });
    await run.obey({ cmd: "bye-all" });
    expect((await finished).outcomes.broken).toBe(1);
    expect(calls()[0]?.errors.slice(0, 2)).toEqual(["re-INVITE: 481", "BYE: 481"]);
    expect((await stats()).totals.unknownDialog).toBe(2);
  });
});

it("answers late, after ringing, in a multipart body", async () => {
  const { hop } = await recorder("rec", { ringing: true, answerAfterMs: 300, body: "multipart" });
  const { finished, calls } = await place([hop]);
  expect((await finished).outcomes.ok).toBe(1);
  expect(calls()[0]?.setUpMs).toBeGreaterThan(290);
  expect(calls()[0]?.answer).toHaveLength(2);
});

it("held calls take commands until they are ended", async () => {
  const { hop, stats } = await recorder("rec");
  const { run, finished } = await place([hop], { holdMs: null, calls: 5 });
  const status = () => run.obey({ cmd: "status", id: 2 });
  await eventually(async () =>
    expect(await status()).toMatchObject({ event: "status", id: 2, up: 5, ended: 0 }),
  );
  expect(await run.obey({ cmd: "reinvite-all" })).toMatchObject({ byStatus: { 200: 5 } });
  await run.obey({ cmd: "rtp", send: false });
  // packets on their way still arrive
  const packets = async () => (await stats()).totals.rtpPackets;
  await eventually(async () => {
    const before = await packets();
    await sleep(100);
    expect(await packets()).toBe(before);
  });
  await run.obey({ cmd: "rtp", send: true });
  await run.obey({ cmd: "bye-all" });
  expect((await finished).outcomes.ok).toBe(5);
  expect(await run.obey({ cmd: "nonsense" } as never)).toMatchObject({ event: "failed" });
});
