import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { CrowdJob, PlatformEvent } from "./protocol.js";
import { bytesOf } from "./raw.js";

/** Milliseconds between two bursts. */
const STEP_MS = 5;

/** Opens connections and keeps them; reports how many there were, and how many are left. */
export async function runCrowd(job: CrowdJob, emit: (event: PlatformEvent) => void): Promise<void> {
  const crowd = new Crowd(job);
  const began = performance.now();
  while (crowd.sockets.length < job.connections) {
    const due = ((performance.now() - began) / 1000) * (job.rate ?? 5000);
    while (
      crowd.sockets.length < Math.min(due, job.connections) &&
      crowd.waiting < (job.unanswered ?? Infinity)
    )
      crowd.connect();
    await sleep(STEP_MS);
  }
  await sleep(job.holdMs);
  const { most, open, answered } = crowd;
  emit({ event: "crowd", tried: crowd.sockets.length, most, open, answered });
  for (const socket of crowd.sockets) socket.destroy();
}

class Crowd {
  readonly sockets: Socket[] = [];
  most = 0;
  open = 0;
  answered = 0;
  /** Connections that are neither answered nor closed. */
  waiting = 0;

  // one context for all: making one takes longer than a handshake
  readonly #tls = { secureContext: createSecureContext(), rejectUnauthorized: false };

  constructor(private readonly job: CrowdJob) {}

  connect(): void {
    const { localAddresses = [], target, payload } = this.job;
    const n = this.sockets.length;
    const localAddress = localAddresses[n % localAddresses.length];
    const to = {
      host: target.address,
      port: target.port,
      ...(localAddress !== undefined && { localAddress }),
    };
    const tls = target.transport === "tls";
    const socket = tls ? connectTls({ ...to, ...this.#tls }) : connectTcp(to);
    this.sockets.push(socket);
    this.waiting++;
    let waits = true;
    const ended = () => {
      if (waits) this.waiting--;
      waits = false;
    };
    socket.once("data", ended).once("close", ended);
    socket.once(tls ? "secureConnect" : "connect", () => {
      this.most = Math.max(this.most, ++this.open);
      socket.once("close", () => this.open--);
      const { localAddress: address = "", localPort: port = 0 } = socket;
      if (payload) socket.write(bytesOf({ payload }, n, { address, port }));
    });
    socket.once("data", () => this.answered++);
    socket.once("end", () => socket.destroy());
    socket.on("error", () => socket.destroy());
  }
}
