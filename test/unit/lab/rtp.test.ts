import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MediaClock } from "../../../src/lab/rtp/clock.js";
import { HEADER_BYTES, readRtp, stamp, tonePacket } from "../../../src/lab/rtp/packet.js";
import { RtpPorts } from "../../../src/lab/rtp/ports.js";
import { RtpReceiver } from "../../../src/lab/rtp/receiver.js";
import { senderReport } from "../../../src/lab/rtp/rtcp.js";
import { RtpSender } from "../../../src/lab/rtp/sender.js";
import { SequenceCount } from "../../../src/lab/rtp/sequence.js";
import { PCMA, PCMU } from "../../../src/lab/sdp.js";
import { eventually } from "../../support/eventually.js";

describe("packets", () => {
  it("carry their fields", () => {
    const packet = tonePacket(PCMA, 400, 0xdeadbeef);
    stamp(packet, 0x1ffff, 0x100000005);
    expect(packet).toHaveLength(172);
    expect(readRtp(packet)).toEqual({ payloadType: 8, sequence: 0xffff, timestamp: 5, ssrc: 0xdeadbeef });
  });

  it("begin a tone with silence, and swing both ways (G.711)", () => {
    const mu = tonePacket(PCMU, 1000, 1).subarray(HEADER_BYTES);
    const a = tonePacket(PCMA, 1000, 1).subarray(HEADER_BYTES);
    expect([mu[0], a[0]]).toEqual([0xff, 0xd5]);
    // After a quarter of the period +8000, after three quarters -8000, in the tables of G.711.
    expect([mu[2], mu[6]]).toEqual([0xa0, 0x20]);
    expect([a[2], a[6]]).toEqual([0x8a, 0x0a]);
  });

  it.each([
    ["too short", Buffer.alloc(11, 0x80)],
    ["another version", Buffer.alloc(12)],
    ["RTCP", senderReport({ ssrc: 1, packets: 2, octets: 3, timestamp: 4 })],
  ])("are none when %s", (_, bytes) => {
    expect(readRtp(bytes)).toBeUndefined();
  });

  it("RTCP is compound and its lengths add up (RFC 3550, 6.1)", () => {
    const report = senderReport({ ssrc: 1, packets: 2, octets: 3, timestamp: 4 }, 0);
    const first = (report.readUInt16BE(2) + 1) * 4;
    const second = (report.readUInt16BE(first + 2) + 1) * 4;
    expect([report[1], report[first + 1], first + second]).toEqual([200, 202, report.length]);
    expect(report.readUInt32BE(8)).toBe(2_208_988_800);
  });
});

describe("sequence numbers", () => {
  const counted = (numbers: number[]) => {
    const count = new SequenceCount();
    for (const number of numbers) count.add(number);
    return { lost: count.lost, duplicates: count.duplicates };
  };

  it.each([
    ["in order", [5, 6, 7], { lost: 0, duplicates: 0 }],
    ["with a gap", [5, 8], { lost: 2, duplicates: 0 }],
    ["late, not lost", [5, 7, 6], { lost: 0, duplicates: 0 }],
    ["late before the first", [5, 4, 6], { lost: 0, duplicates: 0 }],
    ["twice", [5, 6, 6, 5], { lost: 0, duplicates: 2 }],
    ["around the end", [65534, 65535, 0, 1], { lost: 0, duplicates: 0 }],
    ["around the end with a gap", [65534, 1], { lost: 2, duplicates: 0 }],
    ["none", [], { lost: 0, duplicates: 0 }],
  ])("%s", (_, numbers, expected) => {
    expect(counted(numbers)).toEqual(expected);
  });

  it("over several cycles", () => {
    const all = Array.from({ length: 200_000 }, (_, i) => i & 0xffff).filter((n) => n !== 77);
    expect(counted(all)).toEqual({ lost: 4, duplicates: 0 });
  });
});

describe("streams", () => {
  it("arrive as they were sent, at their rate", async () => {
    const ports = new RtpPorts("127.0.0.1", 42_000, 42_100);
    const receiver = new RtpReceiver("1", await ports.open(true));
    const clock = new MediaClock();
    const sender = new RtpSender("1", await ports.open(true), clock, 50);
    await sender.aim({ address: "127.0.0.1", port: receiver.socket.port });
    const began = performance.now();
    sender.start();
    await sleep(500);
    sender.stop();
    const due = ((performance.now() - began) / 1000) * 50;
    await eventually(() => expect(receiver.report().packets).toBe(sender.sent.packets));
    const { packets, lost, duplicates, sources, ssrcs } = receiver.report();
    expect(packets + clock.missed).toBeGreaterThan(due - 5);
    expect(packets + clock.missed).toBeLessThan(due + 3);
    expect({ lost, duplicates, ssrcs }).toEqual({
      lost: 0,
      duplicates: 0,
      ssrcs: { [sender.sent.ssrc]: packets },
    });
    expect(sources).toEqual({ [`127.0.0.1:${sender.sent.localPort}`]: packets });
    sender.close();
    receiver.socket.close();
  });

  it("count strangers by address and by SSRC", () => {
    const { report, receive } = quietReceiver();
    const packet = tonePacket(PCMU, 400, 1);
    receive(packet, { address: "192.0.2.1", port: 1 });
    receive(tonePacket(PCMU, 400, 2), { address: "192.0.2.2", port: 1 });
    receive(Buffer.from("?"), { address: "192.0.2.2", port: 1 });
    receive(senderReport({ ssrc: 1, packets: 0, octets: 0, timestamp: 0 }), {
      address: "192.0.2.2",
      port: 1,
    });
    expect(report()).toMatchObject({
      packets: 2,
      other: 1,
      rtcpPackets: 1,
      ssrcs: { 1: 1, 2: 1 },
      sources: { "192.0.2.1:1": 1, "192.0.2.2:1": 1 },
    });
  });

  it("use even ports in turn, pass over taken ones, and say when there is none", async () => {
    const blocker = createSocket("udp4");
    blocker.bind(42_202, "127.0.0.1");
    await once(blocker, "listening");
    const ports = new RtpPorts("127.0.0.1", 42_199, 42_205);
    const first = await ports.open(false);
    const second = await ports.open(false);
    expect([first.port, second.port]).toEqual([42_200, 42_204]);
    // failed attempts leave no sockets open: a bench places thousands of calls beside other platforms
    const files = () => readdirSync("/proc/self/fd").length;
    const before = files();
    await expect(ports.open(false)).rejects.toThrow("no free RTP port");
    await eventually(() => Promise.resolve(expect(files()).toBeLessThanOrEqual(before)));
    first.close();
    expect((await ports.open(false)).port).toBe(42_200);
    blocker.close();
  });
});

function quietReceiver() {
  const deaf = { on: () => undefined };
  const receiver = new RtpReceiver("1", { port: 2, rtp: deaf, rtcp: undefined } as never);
  return {
    report: () => receiver.report(),
    receive: (bytes: Buffer, from: { address: string; port: number }) => receiver.receive(bytes, from),
  };
}
