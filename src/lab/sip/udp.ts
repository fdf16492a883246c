import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { markSource, replyHop, type Address, type Flow, type FlowListener } from "./flow.js";
import { parseMessage } from "./message.js";

/** Size of the socket buffer in bytes: some hundred messages while the program is busy (net.core.rmem_max may limit it). */
const BUFFER = 4 * 1024 * 1024;

/** Returns the numeric address without a lookup: node:dgram would call the resolver for every datagram. */
export function noLookup(
  name: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, name, 4);
}

/** One bound UDP socket that speaks SIP. */
export class UdpTransport {
  #closed = false;

  private constructor(
    private readonly socket: Socket,
    readonly local: Address,
    private readonly listener: FlowListener,
  ) {
    socket.on("message", (bytes, source) => this.#received(bytes, source));
    socket.on("error", (error) => listener.onFault(`udp: ${error.message}`));
  }

  static async bind(local: Address, listener: FlowListener): Promise<UdpTransport> {
    const socket = createSocket({ type: "udp4", lookup: noLookup });
    const listening = once(socket, "listening"); // with noLookup it may happen within bind()
    socket.bind(local.port, local.address);
    await listening;
    socket.setRecvBufferSize(BUFFER);
    socket.setSendBufferSize(BUFFER);
    return new UdpTransport(socket, { address: local.address, port: socket.address().port }, listener);
  }

  flowTo(remote: Address): Flow {
    const flow: Flow = {
      transport: "udp",
      local: this.local,
      remote,
      reliable: false,
      closed: false,
      send: (bytes) => {
        if (this.#closed) return;
        this.socket.send(bytes, remote.port, remote.address, (error) => {
          if (error) this.listener.onClosed(flow, error.message);
        });
      },
    };
    return flow;
  }

  close(): void {
    this.#closed = true;
    this.socket.close();
  }

  #received(bytes: Buffer, source: RemoteInfo): void {
    if (bytes.length <= 4) return; // keep-alives
    try {
      const message = parseMessage(bytes);
      if (message.kind === "request") markSource(message, source);
      const remote = message.kind === "request" ? replyHop(message) : source;
      this.listener.onMessage(message, this.flowTo({ address: remote.address, port: remote.port }));
    } catch (error) {
      this.listener.onFault(`from udp:${source.address}:${source.port}: ${(error as Error).message}`);
    }
  }
}
