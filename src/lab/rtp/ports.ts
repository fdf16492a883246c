import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { noLookup } from "../sip/udp.js";

/** Provides sockets on the even ports of a range, in turn, so that a port is not reused soon. */
export class RtpPorts {
  #next: number;
  #used = new Set<number>();

  /** Ports from `first` to `last`, both included; only even ones carry RTP (RFC 3550, 11). */
  constructor(
    readonly address: string,
    private readonly first: number,
    private readonly last: number,
  ) {
    this.#next = first + (first % 2);
  }

  /** A bound socket, and with `rtcp` a second one on the odd port above. */
  async open(rtcp: boolean): Promise<RtpSocket> {
    for (let tries = (this.last - this.first) / 2 + 1; tries > 0; tries--) {
      const port = this.#take();
      if (port === undefined) continue;
      try {
        const rtp = await bind(this.address, port);
        const control = rtcp ? await bind(this.address, port + 1).catch(failAfter(rtp)) : undefined;
        return new RtpSocket(port, rtp, control, () => this.#used.delete(port));
      } catch (error) {
        this.#used.delete(port);
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      }
    }
    throw new Error(`no free RTP port from ${this.first} to ${this.last} on ${this.address}`);
  }

  #take(): number | undefined {
    const port = this.#next;
    this.#next = port + 3 > this.last ? this.first + (this.first % 2) : port + 2;
    if (this.#used.has(port)) return undefined;
    this.#used.add(port);
    return port;
  }
}

/** The socket of one stream. */
export class RtpSocket {
  constructor(
    readonly port: number,
    readonly rtp: Socket,
    readonly rtcp: Socket | undefined,
    private readonly onClose: () => void,
  ) {}

  close(): void {
    this.rtp.close();
    this.rtcp?.close();
    this.onClose();
  }
}

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: "udp4", lookup: noLookup });
  const listening = once(socket, "listening"); // with noLookup it may happen within bind()
  socket.bind({ port, address, exclusive: true });
  try {
    await listening;
    return socket;
  } catch (error) {
    socket.close(); // the socket has a file descriptor nevertheless
    throw error;
  }
}

function failAfter(opened: Socket): (error: unknown) => never {
  return (error) => {
    opened.close();
    throw error;
  };
}
