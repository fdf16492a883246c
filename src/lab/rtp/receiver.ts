import type { RemoteInfo } from "node:dgram";
import { readRtp } from "./packet.js";
import type { RtpSocket } from "./ports.js";
import { SequenceCount } from "./sequence.js";

export interface ReceivedStream {
  label: string;
  port: number;
  /** RTP packets, duplicates included. */
  packets: number;
  /** Missing sequence numbers between the first and the last received one. */
  lost: number;
  duplicates: number;
  /** `address:port` of each sender, and its packets. */
  sources: Record<string, number>;
  /** Each SSRC, and its packets without duplicates. */
  ssrcs: Record<string, number>;
  rtcpPackets: number;
  /** Datagrams that are neither RTP nor RTCP. */
  other: number;
}

/** Counts received packets on one stream's socket. */
export class RtpReceiver {
  #bySsrc = new Map<number, SequenceCount>();
  #sources = new Map<string, { packets: number }>();
  #last = { address: "", port: 0, count: { packets: 0 } };
  #packets = 0;
  #rtcp = 0;
  #other = 0;

  constructor(
    readonly label: string,
    readonly socket: RtpSocket,
  ) {
    socket.rtp.on("message", (bytes, source) => this.receive(bytes, source));
    socket.rtp.on("error", () => undefined);
    socket.rtcp?.on("message", () => this.#rtcp++);
    socket.rtcp?.on("error", () => undefined);
  }

  /** RTP packets so far. */
  get packets(): number {
    return this.#packets;
  }

  receive(bytes: Buffer, source: Pick<RemoteInfo, "address" | "port">): void {
    const fields = readRtp(bytes);
    if (!fields) {
      if ((bytes[1] ?? 0) >= 192 && bytes.length >= 8) this.#rtcp++;
      else this.#other++;
      return;
    }
    this.#packets++;
    let count = this.#bySsrc.get(fields.ssrc);
    if (!count) this.#bySsrc.set(fields.ssrc, (count = new SequenceCount()));
    count.add(fields.sequence);
    this.#countSource(source);
  }

  report(): ReceivedStream {
    const counts = [...this.#bySsrc.values()];
    return {
      label: this.label,
      port: this.socket.port,
      packets: this.#packets,
      lost: counts.reduce((sum, count) => sum + count.lost, 0),
      duplicates: counts.reduce((sum, count) => sum + count.duplicates, 0),
      sources: Object.fromEntries([...this.#sources].map(([name, { packets }]) => [name, packets])),
      ssrcs: Object.fromEntries([...this.#bySsrc].map(([ssrc, { distinct }]) => [ssrc, distinct])),
      rtcpPackets: this.#rtcp,
      other: this.#other,
    };
  }

  /** For speed: a text is made only if a packet has another source than the last one. */
  #countSource({ address, port }: { address: string; port: number }): void {
    if (this.#last.port !== port || this.#last.address !== address) {
      const name = `${address}:${port}`;
      let count = this.#sources.get(name);
      if (!count) this.#sources.set(name, (count = { packets: 0 }));
      this.#last = { address, port, count };
    }
    this.#last.count.packets++;
  }
}
