import { contentLength, HEAD_END, MalformedMessage, splitHeader, unfold } from "./message.js";
import { keyOf, SipHeaders } from "./headers.js";

/** Larger than any message of the lab: a stream with a larger Content-Length is not SIP. */
const LIMIT = 1024 * 1024;
const PING = Buffer.from("\r\n\r\n");

/** Content of a stream: complete messages, and keep-alive pings that need a pong (RFC 5626, 3.5.1). */
export interface Frames {
  messages: Buffer[];
  pings: number;
}

/** Splits a byte stream into SIP messages by Content-Length (RFC 3261, 18.3), independent of the sizes of reads. */
export class StreamFraming {
  #pending: Buffer = Buffer.alloc(0);

  /** Adds data, and returns what is complete. Throws MalformedMessage if the stream cannot be parsed. */
  push(chunk: Buffer): Frames {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Frames = { messages: [], pings: this.#skipKeepAlives() };
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#pending.length < length) return frames;
      frames.messages.push(this.#pending.subarray(0, length));
      this.#pending = this.#pending.subarray(length);
      frames.pings += this.#skipKeepAlives();
    }
  }

  /** Bytes of the next message, head and body; undefined while its head is incomplete. */
  #nextLength(): number | undefined {
    const end = this.#pending.indexOf(HEAD_END);
    if (end < 0) {
      if (this.#pending.length > LIMIT) throw new MalformedMessage(`no end of headers in ${LIMIT} bytes`);
      return undefined;
    }
    const lines = unfold(this.#pending.toString("utf8", 0, end))
      .split("\r\n")
      .slice(1);
    const headers = new SipHeaders(
      lines.map(splitHeader).filter(([name]) => keyOf(name) === "content-length"),
    );
    const body = contentLength(headers);
    if (body === undefined) throw new MalformedMessage("no Content-Length in a stream");
    if (body > LIMIT) throw new MalformedMessage(`Content-Length ${body}`);
    return end + HEAD_END.length + body;
  }

  /** Empty lines before a start line are no message (RFC 3261, 7.5); two together, perhaps in two reads, a ping. */
  #skipKeepAlives(): number {
    let pings = 0;
    for (;;) {
      if (this.#pending.indexOf(PING) === 0) {
        pings++;
        this.#pending = this.#pending.subarray(PING.length);
      } else if (this.#pending.length > 3 && this.#pending[0] === 0x0d && this.#pending[1] === 0x0a) {
        this.#pending = this.#pending.subarray(2);
      } else return pings;
    }
  }
}
