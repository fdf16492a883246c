import { expect, test } from "vitest";
import { PacketBlocks, pcapngHeader } from "../../../src/compute/operate/pcapng.js";
import { readTraceEvent, traceScript } from "../../../src/compute/operate/trace.js";

const choice = { ids: [], platforms: [], recorders: [], calls: 1, seconds: 1, bytes: 1, payload: false };

/** A packet's block in the form that hosts send. */
function packet(data: string): Buffer {
  const padded = Buffer.from(data + "\0".repeat(-data.length & 3));
  const head = [6, 32 + padded.length, 0, 1, 2, data.length, data.length].map(uint32);
  return Buffer.concat([...head, padded, uint32(32 + padded.length)]);
}

function uint32(number: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(number);
  return buffer;
}

test("packets come in pieces of any size, and leave whole, with their host's number", () => {
  const sent = Buffer.concat([packet("one"), packet("three"), packet("")]);
  for (const size of [1, 7, 40, 1000]) {
    const blocks = new PacketBlocks(3);
    const got: Buffer[] = [];
    for (let at = 0; at < sent.length; at += size) {
      const whole = blocks.take(sent.subarray(at, at + size));
      got.push(Buffer.from(whole));
    }
    const all = Buffer.concat(got);
    expect(all.length).toBe(sent.length);
    expect([all.readUInt32LE(8), all.readUInt32LE(36 + 8)]).toEqual([3, 3]);
    expect(all.includes("three")).toBe(true);
  }
});

test("what is no packet is refused", () => {
  for (const text of ["sip-proxy: FAILED: host.env is missing", "\x06\0\0\0\x03\0\0\0\0\0\0\0"])
    expect(() => new PacketBlocks(0).take(Buffer.from(text))).toThrow(RangeError);
});

test("the file begins with a section, and an interface of each host", () => {
  const header = pcapngHeader(["one", "sip.proxy_2"]);
  expect(header.readUInt32LE(0)).toBe(0x0a0d0d0a);
  expect(header.readUInt32LE(header.readUInt32LE(4))).toBe(1);
  expect(header.includes("sip.proxy_2")).toBe(true);
});

test("what a user gives stays one word of the script", () => {
  const ids = ["it's $(id) `id`", "END OF TRACE"];
  const script = traceScript((name) => `# ${name}\n`, { ...choice, ids });
  expect(script).toContain(`export TRACE='{"ids":["it'\\''s $(id) \`id\`","END OF TRACE"]`);
  expect(script.split("\n").filter((line) => line === "END OF TRACE").length).toBe(1);
});

test("events are lines of JSON; what else a login says is none", () => {
  expect(readTraceEvent('{"event": "listening"}')).toEqual({ event: "listening" });
  expect(readTraceEvent("Welcome to Debian")).toBeUndefined();
  expect(readTraceEvent('{"a": 1}')).toBeUndefined();
});
