import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/do/process.js";
import {
  runPlatform,
  startPlatform,
  startRecorder,
  type CallsJob,
  type RawJob,
} from "../../src/lab/agents.js";
import { eventually } from "../support/eventually.js";
import { Bench, PLATFORMS, RECORDER } from "./lab-bench.js";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterEach(() => bench.recorder.forget());
afterAll(() => bench?.stop());

describe.each(["udp", "tcp"] as const)("over %s, through the gateway", (transport) => {
  it("every packet of 40 calls in all variants arrives, and comes from the platform's address", async () => {
    const { calls: placed, summary } = await bench.calls("platform", transport, {
      calls: 40,
      rate: 20,
      holdMs: 2000,
      variant: "all",
      reinvite: "once",
    });
    expect(summary).toMatchObject({ outcomes: { ok: 40 }, answeredBy: { recorder0: 40 } });
    const { calls: recorded } = await bench.settled();
    for (const call of placed) {
      const there = recorded.find((one) => one.callId === call.callId);
      expect(there?.streams).toEqual(
        call.rtp.map(({ label, ssrc, packets, localPort }, i) => ({
          label,
          port: call.answer[i]?.port,
          packets,
          lost: 0,
          duplicates: 0,
          sources: { [`${PLATFORMS.platform}:${localPort}`]: packets },
          ssrcs: { [ssrc]: packets },
          rtcpPackets: 0,
          other: 0,
        })),
      );
      // packets that a busy machine could not send are reported as missed
      expect((call.rtp[0]?.packets ?? 0) + summary.rtpMissed).toBeGreaterThan(80);
    }
  });

  it("a platform behind its own NAT shows private addresses and comes from a public one", async () => {
    const { summary } = await bench.calls("natted", transport, { calls: 5, holdMs: 1000, reinvite: "hold" });
    expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 5 } });
    const { totals, calls: recorded } = await bench.settled();
    expect(totals.rtpPackets).toBe(summary.rtpPackets);
    expect(Object.keys(recorded[0]?.streams[0]?.sources ?? {})[0]).toMatch(/^198\.51\.100\.20:/);
    const invite = bench.recorder.invites.at(-1);
    expect(invite?.source.address).toBe("198.51.100.20");
    expect(invite?.offer.map((stream) => stream.address)).toEqual(["192.168.77.10", "192.168.77.10"]);
    expect(invite?.via[0]).toContain("192.168.77.10:5060");
  });

  it("held calls take a re-INVITE from either side, and the recorder's BYE", async () => {
    const job: CallsJob = {
      type: "calls",
      localAddress: PLATFORMS.platform,
      targets: [bench.target(transport)],
      calls: 5,
      holdMs: null,
    };
    const platform = await startPlatform(bench.network.namespace("platform"), job);
    expect(await platform.allPlaced()).toMatchObject({ placed: 5, up: 5 });
    expect(await platform.reinviteAll()).toEqual({ 200: 5 });
    expect(await bench.recorder.reinvite()).toEqual({ status: 200, count: 5 });
    expect(await bench.recorder.bye()).toEqual({ status: 200, count: 5 });
    const { calls: ended } = await platform.finished;
    expect(ended.map((call) => [call.outcome, call.byeBy])).toEqual(Array(5).fill(["ok", "recorder"]));
    await platform.stop();
  });
});

describe("over TLS", () => {
  it("calls and their media come through, and the recorder's BYE goes back over the platform's connection", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lab-tls-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=recorder".split(" ");
    await run({ argv: ["openssl", ...request, "-out", cert, "-keyout", key] });
    const secure = await startRecorder(bench.network.namespace("recorder0"), {
      name: "secure",
      advertise: RECORDER.publicAddress,
      listen: [{ transport: "tls", address: RECORDER.address, port: 5061 }],
      tls: { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") },
    });
    await rm(folder, { recursive: true });
    const platform = await startPlatform(bench.network.namespace("platform"), {
      type: "calls",
      localAddress: PLATFORMS.platform,
      kind: "tcp-source-port",
      targets: [{ transport: "tls", address: RECORDER.publicAddress, port: 5061 }],
      calls: 3,
      bye: "recorder",
      reinvite: "once",
    });
    await platform.allPlaced();
    await eventually(async () => expect(await secure.totals()).toMatchObject({ reinvites: 3, acks: 6 }));
    expect(await secure.bye()).toEqual({ status: 200, count: 3 });
    expect((await platform.finished).summary).toMatchObject({ errors: {}, outcomes: { ok: 3 } });
    expect(secure.invites[0]?.via[0]).toContain("SIP/2.0/TLS 203.0.113.10:");
    await platform.stop();
    await secure.stop();
  });
});

describe("other jobs", () => {
  it("OPTIONS are answered as the recorder is told", async () => {
    const ask = (transport: "udp" | "tcp", timeoutMs = 30_000) =>
      runPlatform(bench.network.namespace("platform"), {
        type: "options",
        localAddress: PLATFORMS.platform,
        target: bench.target(transport),
        count: 2,
        timeoutMs,
      });
    const statuses = (events: object[]) => events.map((event) => (event as { status: number }).status);
    expect(statuses(await ask("udp"))).toEqual([200, 200]);
    await bench.recorder.behave({ options: 503 });
    expect(statuses(await ask("tcp"))).toEqual([503, 503]);
    await bench.recorder.behave({ options: "silent" });
    expect(statuses(await ask("udp", 800))).toEqual([0, 0]);
    await bench.recorder.behave({ options: "answer" });
  });

  it("raw bytes go out as they are, and what comes back is told", async () => {
    const text = [
      "OPTIONS sip:x@192.0.2.3 SIP/2.0",
      "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
      "From: <sip:a@b>;tag={tag}",
      "To: <sip:x@192.0.2.3>",
      "Call-ID: {callId}",
      "CSeq: {n} OPTIONS",
      "",
      "",
    ].join("\r\n");
    const send = (payload: RawJob["payload"], more: Partial<RawJob> = { waitMs: 300 }) =>
      runPlatform(bench.network.namespace("platform"), {
        type: "raw",
        localAddress: PLATFORMS.platform,
        target: bench.target("udp"),
        payload,
        count: 3,
        ...more,
      });
    const events = await send({ text }, { replies: 3, waitMs: 30_000 });
    expect(events.at(-1)).toEqual({ event: "sent", messages: 3, replies: 3, closed: false });
    expect(events[0]).toMatchObject({ event: "reply", from: "udp:192.0.2.3:5060" });
    expect((await send({ base64: "AAECAw==" })).at(-1)).toMatchObject({ replies: 0 });
  });

  it("a job that cannot be done is refused with its reason", async () => {
    const nowhere: CallsJob = {
      type: "calls",
      localAddress: "192.0.2.99",
      targets: [bench.target("udp")],
      calls: 1,
    };
    await expect(startPlatform(bench.network.namespace("platform"), nowhere)).rejects.toThrow(
      "EADDRNOTAVAIL",
    );
  });
});
