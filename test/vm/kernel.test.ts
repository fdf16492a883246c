import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runPlatform, type Platform } from "../../src/lab/agents.js";
import { HEADER_BYTES, stamp, tonePacket } from "../../src/lab/rtp/packet.js";
import { senderReport } from "../../src/lab/rtp/rtcp.js";
import { PCMU } from "../../src/lab/sdp.js";
import { callers } from "../support/lab-topology.js";
import { eventually } from "../support/eventually.js";
import { comparison, cost, type Row } from "./kernel/cost.js";
import { slackFromNow } from "../support/slack.js";
import { KernelLab } from "./kernel/lab.js";
import { Srtp } from "./kernel/srtp.js";

// rtpengine's module forwards packets in the kernel of a baked image, in a VM: `npm run kernel-guest`.

let lab: KernelLab;
beforeAll(async () => {
  lab = await KernelLab.start();
});
afterEach(() => lab.forget());
afterAll(() => lab?.stop());

/** Packets per second of each stream; low, because an emulated machine is slow. */
const RATE = 20;
const patience = 120_000;

const metric = async (name: string) =>
  Number(new RegExp(`^sip_proxy_${name}(?:{[^}]*})? (.*)$`, "m").exec(await metrics())?.[1]);
const metrics = () => lab.inGuest("curl -s --max-time 60 http://127.0.0.1:8090/metrics");

/** Ends the calls; returns the numbers of sent and recorded packets of each stream. */
async function recorded(platform: Platform) {
  await platform.byeAll();
  const { calls, summary } = await platform.finished;
  expect(summary.outcomes).toMatchObject({ ok: calls.length });
  const sent = calls.flatMap(({ rtp }) => rtp);
  return eventually(async () => {
    const stats = await Promise.all(lab.recorders.map((recorder) => recorder.stats()));
    const streams = stats.flatMap(({ calls }) => calls.flatMap((call) => call.streams));
    expect(streams.length).toBe(sent.length);
    expect(sum(streams, "packets")).toBe(sum(sent, "packets"));
    return { sent, streams, callId: calls[0]?.callId ?? "" };
  });
}

const sum = <Name extends string>(all: Record<Name, number>[], name: Name) =>
  all.reduce((total, each) => total + each[name], 0);

const kernelGrows = async (by: number) => {
  const { kernel } = await lab.forwarded();
  return eventually(async () => {
    const now = await lab.forwarded();
    expect(now.kernel).toBeGreaterThan(kernel + by);
    return now;
  }, patience);
};

const packets = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const packet = Buffer.from(tonePacket(PCMU, 400, 7));
    stamp(packet, 100 + index, index * 160);
    return packet;
  });
const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");
const sdp = (address: string, port: number, protocol: string, ...more: string[]) =>
  lines(
    ...["v=0", `o=- 1 1 IN IP4 ${address}`, "s=-", `c=IN IP4 ${address}`, "t=0 0"],
    ...[`m=audio ${port} ${protocol} 0`, "a=rtpmap:0 PCMU/8000", ...more],
  );
const base64 = (all: Buffer[]) => all.map((each) => each.toString("base64"));

interface Passed {
  toRecorder: string;
  toPlatform: string;
  list: string;
  rtp: string[];
  rtcp: string[];
  user: number;
  kernel: number;
}

/** `RUNS=3` repeats the test in the same guest. */
const runs = Array.from({ length: Number(process.env["RUNS"] ?? 1) }, (_, index) => index + 1);

/** The rows of all runs. */
const costs: Row[] = [];

describe.each(runs)("run %i:", (run) => {
  test("the host says that it forwards in the kernel", async () => {
    const said = await lab.inGuest(
      "systemctl show -P StatusText sip-proxy-media; cat /run/sip-proxy/kernel-forwarding",
    );
    expect(said).toContain("packets are forwarded in the kernel");
    expect(said).toMatch(/^yes$/m);
    // the metrics are collected some time after the boot
    await eventually(async () => expect(await metric("kernel_forwarding")).toBe(1), patience);
  });

  test("calls are forwarded in the kernel from their start on, with RTCP, and no packet is lost", async () => {
    const before = await lab.forwarded();
    const platform = await lab.place({ calls: 4, rate: 1, holdMs: null, rtp: { rate: RATE, rtcp: true } });
    await platform.allPlaced();
    await kernelGrows(2000);
    const { sent, streams } = await recorded(platform);
    expect(streams.every(({ rtcpPackets }) => rtcpPackets > 0)).toBe(true);
    await eventually(async () => {
      const after = await lab.forwarded();
      const [user, kernel] = [after.user - before.user, after.kernel - before.kernel];
      const rtcp = sum(streams, "rtcpPackets");
      console.log(
        `${sum(sent, "packets")} RTP and ${rtcp} RTCP packets: ${kernel} by the kernel, ${user} by user space`,
      );
      // both counters include RTCP, which rtpengine also reads; an emulated host is late while calls are set up
      expect(user + kernel).toBeGreaterThanOrEqual(sum(sent, "packets") + rtcp);
      expect(user).toBeLessThanOrEqual(2 * RATE * sent.length + rtcp);
    });
  });

  test("a call of more than 10 s is not taken for one that is not recorded, and its packets are counted", async () => {
    const platform = await lab.place({ holdMs: null, rtp: { rate: RATE } });
    await platform.allPlaced();
    await sleep(13_000);
    const { sent, callId } = await recorded(platform);
    const media = await eventually(async () => {
      const said = await lab.inGuest(
        "journalctl -b --no-pager -o cat | grep -E 'CALL event=(media|unrecorded)' | tail -n 1",
      );
      expect(said).toContain(`event=media call_id=${callId} `);
      return said;
    }, patience);
    console.log(media);
    const [, ...told] = / packets=(\d+),(\d+) relayed=(\d+),(\d+) /.exec(media)?.map(Number) ?? [];
    // rtpengine reads the kernel's counters once a second
    for (const [index, count] of told.entries())
      expect((sent[index % 2]?.packets ?? NaN) - count).toBeLessThanOrEqual(1.5 * RATE);
    expect(told.length).toBe(4);
  });

  test("`nft flush ruleset` is noticed and mended, and no call loses a packet", async () => {
    const platform = await lab.place({ calls: 2, holdMs: null, rtp: { rate: RATE } });
    await platform.allPlaced();
    await kernelGrows(50);
    const script = `restored() { cat /run/sip-proxy/kernel-forwarding.restored || echo 0; }
before=$(restored); nft flush ruleset; begin=$(date +%s%N)
until [[ $(restored) -gt $before ]]; do sleep 0.1; done; echo $(( ($(date +%s%N) - begin) / 1000000 ))`;
    const slack = slackFromNow();
    const milliseconds = Number(await lab.inGuest(script));
    console.log(`mended after ${milliseconds} ms`);
    expect(milliseconds).toBeLessThan(10_000 + slack());
    const { user } = await kernelGrows(50);
    await kernelGrows(50);
    expect((await lab.forwarded()).user).toBe(user);
    await recorded(platform);
    expect(await metric("kernel_forwarding_restored_total")).toBeGreaterThan(0);
    await eventually(
      async () => expect(await lab.inGuest("nft list tables")).toContain("ip sip_proxy"),
      patience,
    );
  });

  test("strangers' packets are not relayed", async () => {
    const platform = await lab.place({ calls: 2, holdMs: null, rtp: { rate: RATE } });
    await platform.allPlaced();
    await kernelGrows(50);
    const ports = (
      await lab.inGuest("ss -lunH | grep -oP '10\\.0\\.0\\.1:\\K[0-9]+' | sort -n | sed -n '1p;$p'")
    )
      .split("\n")
      .map(Number) as [number, number];
    const [event] = await runPlatform(lab.network.namespace("stranger"), {
      ...{ type: "spray", localAddress: callers.stranger.address, durationMs: 5000, rate: 500 },
      target: { address: "198.51.100.10", ports },
    });
    expect(event).toMatchObject({ event: "sprayed", received: 0 });
    const { sent, streams } = await recorded(platform);
    const known = sent.map(({ ssrc }) => String(ssrc));
    for (const { ssrcs } of streams) expect(known).toEqual(expect.arrayContaining(Object.keys(ssrcs)));
  });

  test("SRTP passes in the kernel, with the keys that the relay has told", async () => {
    const [offered, answered] = [randomBytes(30).toString("base64"), randomBytes(30).toString("base64")];
    const sent = packets(100);
    const crypto = (key: string) => `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
    const passed = await lab.program<Passed>("pass", {
      offer: sdp("203.0.113.50", 40_000, "RTP/SAVP", crypto(offered), "a=sendonly"),
      answer: sdp("10.99.0.3", 20_000, "RTP/SAVP", crypto(answered), "a=recvonly"),
      rtp: base64(sent.map((packet) => new Srtp(offered).protect(packet))),
      rtcp: [],
    });
    const told = /crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([^\s|]+)/.exec(passed.toRecorder)?.[1] ?? "";
    const came = passed.rtp.map((text) => new Srtp(told).unprotect(Buffer.from(text, "base64")));
    const bodies = (all: (Buffer | undefined)[]) => all.map((each) => each?.subarray(HEADER_BYTES));
    expect(bodies(came)).toEqual(bodies(sent));
    console.log(
      `SRTP: ${passed.kernel} by the kernel, ${passed.user} by user space; another key: ${told !== offered}`,
    );
    expect(passed.user).toBeLessThanOrEqual(25);
    expect(passed.kernel + passed.user).toBe(sent.length);
  });

  test("RTCP passes beside RTP", async () => {
    const reports = Array.from({ length: 10 }, (_, packets) =>
      senderReport({ ssrc: 7, packets, octets: packets * 160, timestamp: packets * 160 }),
    );
    const passed = await lab.program<Passed>("pass", {
      offer: sdp("203.0.113.50", 40_000, "RTP/AVP", "a=sendonly"),
      answer: sdp("10.99.0.3", 20_000, "RTP/AVP", "a=recvonly"),
      ...{ rtp: base64(packets(100)), rtcp: base64(reports) },
    });
    expect(passed.rtcp).toEqual(base64(reports));
    expect(passed.rtp.length).toBe(100);
    console.log(passed.list);
  });

  test("a packet costs a fraction of what it costs in user space", async () => {
    costs.push(...(await cost(lab, runs.length > 1 ? 1 : 3)));
    const { rows, ratios, text } = comparison(costs);
    console.log(text);
    for (const { sent, arrived } of rows) expect(arrived).toBe(sent);
    for (const row of rows) if (row.way === "kernel") expect(row.user).toBe(0);
    // single rounds differ by a third
    if (run < runs.length) return;
    for (const { guest, process } of ratios) {
      expect(process).toBeLessThan(0.02);
      expect(guest).toBeLessThan(0.2);
    }
  });

  test("calls after the end of a relay that was killed are forwarded in the kernel, too", async () => {
    await lab.inGuest("systemctl kill --signal=KILL rtpengine@1.service");
    await eventually(() => lab.forwarded(), patience);
    await eventually(async () => {
      const platform = await lab.place({ holdMs: null, rtp: { rate: RATE } });
      await platform.allPlaced();
      expect((await platform.status()).up).toBe(1);
      await kernelGrows(20);
      await recorded(platform);
    }, patience);
    expect(await lab.inGuest("cat /run/sip-proxy/kernel-forwarding")).toBe("yes");
  });
});
