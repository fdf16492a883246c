import { once } from "node:events";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { markSource, type Address, type Flow, type FlowListener } from "./flow.js";
import { StreamFraming } from "./framing.js";
import { parseMessage } from "./message.js";
import type { Hop } from "./uri.js";

/** Certificate and key (PEM) of a TLS listener or client. A peer's certificate is not verified: this is a lab. */
export interface TlsMaterial {
  cert: string;
  key: string;
}

/** One TCP or TLS connection that speaks SIP. */
export class StreamFlow implements Flow {
  readonly reliable = true;
  readonly local: Address;
  readonly remote: Address;
  closed = false;
  #framing = new StreamFraming();

  constructor(
    private readonly socket: Socket,
    readonly transport: "tcp" | "tls",
    private readonly listener: FlowListener,
    private readonly onClosed: () => void = () => undefined,
  ) {
    this.local = { address: plain(socket.localAddress), port: socket.localPort ?? 0 };
    this.remote = { address: plain(socket.remoteAddress), port: socket.remotePort ?? 0 };
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("the connection was closed"));
  }

  send(bytes: Buffer): void {
    if (!this.closed) this.socket.write(bytes);
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  #received(chunk: Buffer): void {
    try {
      const { messages, pings } = this.#framing.push(chunk);
      for (let i = 0; i < pings; i++) this.socket.write("\r\n");
      for (const bytes of messages) this.#deliver(bytes);
    } catch (error) {
      // the beginning of the next message is unknown, so the connection cannot be used any more
      this.listener.onFault((error as Error).message, this);
      this.#end((error as Error).message);
      this.socket.destroy();
    }
  }

  #deliver(bytes: Buffer): void {
    try {
      const message = parseMessage(bytes);
      if (message.kind === "request") markSource(message, this.remote);
      this.listener.onMessage(message, this);
    } catch (error) {
      this.listener.onFault((error as Error).message, this);
    }
  }

  #end(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed();
    this.listener.onClosed(this, why);
  }
}

/** Listens for connections, and calls `onFlow` with a flow for each. */
export async function listenStream(
  hop: Hop,
  listener: FlowListener,
  onFlow: (flow: StreamFlow) => void,
  tls?: TlsMaterial,
): Promise<Server> {
  const secure = hop.transport === "tls";
  const accept = (socket: Socket) => onFlow(new StreamFlow(socket, secure ? "tls" : "tcp", listener));
  const server = secure ? createTlsServer({ ...tls }, accept) : createServer(accept);
  server.on("tlsClientError", (error: Error) => listener.onFault(`tls: ${error.message}`));
  server.listen({ host: hop.address, port: hop.port, backlog: 1024 });
  await once(server, "listening");
  return server;
}

/** Connects, optionally from a local address. Calls `onClosed` when the connection ends. Rejects if refused, or after `timeout` milliseconds. */
export async function connectStream(
  hop: Hop,
  localAddress: string | undefined,
  timeout: number,
  listener: FlowListener,
  onClosed: () => void,
): Promise<StreamFlow> {
  const from = localAddress === undefined ? {} : { localAddress };
  const to = { host: hop.address, port: hop.port, ...from };
  const secure = hop.transport === "tls";
  const socket = secure ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
  try {
    await once(socket, secure ? "secureConnect" : "connect", { signal: AbortSignal.timeout(timeout) });
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    const late = (error as Error).name === "AbortError";
    throw new Error(late ? `no connection in ${timeout} ms` : (error as Error).message, { cause: error });
  }
  return new StreamFlow(socket, secure ? "tls" : "tcp", listener, onClosed);
}

/** An IPv4 address without the `::ffff:` of a dual-stack socket. */
function plain(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/, "");
}
