import { expect, it } from "vitest";
import { StreamFraming } from "../../../src/lab/sip/framing.js";

const first = "OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nl: 5\r\n\r\nab\r\nc";
const second = "SIP/2.0 200 OK\r\nContent-Length:\r\n 0\r\n\r\n";
const third = "BYE sip:a SIP/2.0\r\nCONTENT-LENGTH: 2\r\n\r\nxy";

function framesOf(chunks: Buffer[]): { messages: string[]; pings: number } {
  const framing = new StreamFraming();
  const all = chunks.map((chunk) => framing.push(chunk));
  return {
    messages: all.flatMap((frames) => frames.messages.map(String)),
    pings: all.reduce((sum, frames) => sum + frames.pings, 0),
  };
}

it("finds several messages in one read", () => {
  expect(framesOf([Buffer.from(first + second + third)]).messages).toEqual([first, second, third]);
});

it("finds the same wherever a read ends", () => {
  const stream = Buffer.from(`${first}\r\n${second}\r\n\r\n${third}`);
  for (let cut = 0; cut <= stream.length; cut++) {
    const frames = framesOf([stream.subarray(0, cut), stream.subarray(cut)]);
    expect(frames, `cut at ${cut}`).toEqual({ messages: [first, second, third], pings: 1 });
  }
});

it("finds the same byte by byte", () => {
  const bytes = [...Buffer.from(first + second + third)].map((byte) => Buffer.from([byte]));
  expect(framesOf(bytes).messages).toEqual([first, second, third]);
});

it("takes a body of more than one read's size", () => {
  const body = "x".repeat(100_000);
  const message = Buffer.from(`INVITE sip:a SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const chunks = [0, 1, 2, 3].map((i) => message.subarray(i * 30_000, (i + 1) * 30_000));
  expect(framesOf(chunks).messages).toEqual([message.toString()]);
});

it.each([
  ["no Content-Length", "OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n"],
  ["a Content-Length that is no number", "OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n"],
  ["a body beyond all measure", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999\r\n\r\n"],
])("gives up on %s", (_, text) => {
  expect(() => new StreamFraming().push(Buffer.from(text))).toThrow();
});
