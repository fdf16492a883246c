import { randomInt } from "node:crypto";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import type { Address } from "../sip/flow.js";
import { PCMU, type Codec } from "../sdp.js";
import type { MediaClock, Ticking } from "./clock.js";
import { CLOCK, PAYLOAD_BYTES, stamp, tonePacket } from "./packet.js";
import type { RtpSocket } from "./ports.js";
import { senderReport } from "./rtcp.js";

/** Milliseconds between RTCP reports (RFC 3550, 6.2: at least 5 s for two parties). */
const REPORT_MS = 5000;

export interface SentStream {
  label: string;
  ssrc: number;
  localPort: number;
  packets: number;
  /** Packets that the kernel refused: an ICMP error came back, or there is no route. */
  failed: number;
  rtcpPackets: number;
}

/** Sends one stream of G.711: 160 bytes per packet, sequence and timestamp by the wall clock (RFC 3550, RFC 3551). */
export class RtpSender implements Ticking {
  due = 0;
  interval: number;
  readonly sent: SentStream;
  #packet: Buffer;
  #sequence = randomInt(0x10000);
  #timestamp = randomInt(0x7fffffff);
  #target: Address | undefined;
  #running = false;
  #nextReport = Infinity;

  /** `rate`: packets per second; 50 for continuous sound, fewer for sound with gaps. */
  constructor(
    label: string,
    readonly socket: RtpSocket,
    private readonly clock: MediaClock,
    private readonly rate: number,
    codec: Codec = PCMU,
  ) {
    const ssrc = randomInt(1, 0xffffffff);
    this.interval = 1000 / rate;
    this.#packet = tonePacket(codec, label === "1" ? 400 : 1000, ssrc);
    this.sent = { label, ssrc, localPort: socket.port, packets: 0, failed: 0, rtcpPackets: 0 };
    socket.rtp.on("error", () => this.sent.failed++);
    socket.rtcp?.on("error", () => undefined);
  }

  /** Sets the target of the stream. It connects the socket, which saves the kernel a lookup for each packet. */
  async aim(target: Address): Promise<void> {
    if (this.#target?.address === target.address && this.#target.port === target.port) return;
    if (this.#target) this.socket.rtp.disconnect();
    const connected = once(this.socket.rtp, "connect"); // with noLookup it may happen within connect()
    this.socket.rtp.connect(target.port, target.address);
    await connected;
    this.#target = target;
  }

  start(): void {
    if (this.#running || !this.#target || this.rate <= 0) return;
    this.#running = true;
    const now = performance.now();
    this.due = now + randomInt(20);
    this.#nextReport = this.socket.rtcp ? now + REPORT_MS : Infinity;
    this.clock.add(this);
  }

  stop(): void {
    this.#running = false;
    this.clock.remove(this);
  }

  close(): void {
    this.stop();
    this.socket.close();
  }

  tick(): void {
    stamp(this.#packet, this.#sequence++, this.#timestamp);
    this.#timestamp += CLOCK / this.rate;
    this.socket.rtp.send(this.#packet);
    this.sent.packets++;
    if (this.due > this.#nextReport) this.#report();
  }

  #report(): void {
    if (!this.#target || !this.socket.rtcp) return;
    const { ssrc, packets } = this.sent;
    const report = senderReport({
      ssrc,
      packets,
      octets: packets * PAYLOAD_BYTES,
      timestamp: this.#timestamp,
    });
    this.socket.rtcp.send(report, this.#target.port + 1, this.#target.address);
    this.sent.rtcpPackets++;
    this.#nextReport += REPORT_MS;
  }
}
