import { fileURLToPath } from "node:url";
import { Program } from "../../../src/lab/agents/child.js";
import type { CallLab } from "../call-lab.js";

interface Address {
  address: string;
  port: number;
}

type SocketEvent =
  | { event: "open"; id: string; port: number }
  | ({ event: "data"; socket: string; data: string } & Address)
  | { event: "closed"; socket: string };

/** Received data, with its source and socket. */
export interface Arrival {
  socket: string;
  data: Buffer;
  from: Address;
}

/** Sockets on a host of a lab's network; this process reads and writes their data. */
export class Sockets {
  readonly #program: Program<SocketEvent>;
  #last = 0;

  constructor(lab: CallLab, host: string) {
    const script = fileURLToPath(new URL("sockets.mjs", import.meta.url));
    this.#program = new Program("sockets", lab.network.namespace(host), {}, [script]);
  }

  udp = (address: string, port: number) => this.#open({ open: "udp", address, port });
  listen = (address: string, port: number) => this.#open({ open: "listen", address, port });
  connect = (address: string, port: number, to: Address) =>
    this.#open({ open: "connect", address, port, to });

  async #open(what: object): Promise<string> {
    const id = String(++this.#last);
    const opened = this.#program.waitFor((event) => "id" in event && event.id === id);
    this.#program.send({ ...what, id });
    const event = await opened;
    if (event.event !== "open") throw this.#program.fault(JSON.stringify({ ...what, ...event }));
    return id;
  }

  send(socket: string, data: Buffer | string, to?: Address): void {
    this.#program.send({ send: socket, data: Buffer.from(data).toString("base64"), ...to });
  }

  close(socket: string): void {
    this.#program.send({ close: socket });
  }

  /** Calls back with all data from now on; returns a function that ends this. */
  onData(listener: (arrival: Arrival) => void): () => void {
    return this.#program.onEvent((event) => {
      if (event.event !== "data") return;
      const { socket, address, port } = event;
      listener({ socket, data: Buffer.from(event.data, "base64"), from: { address, port } });
    });
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
