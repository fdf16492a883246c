import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { stamp, tonePacket } from "../rtp/packet.js";
import { PCMU } from "../sdp.js";
import { noLookup } from "../sip/udp.js";
import type { PlatformEvent, SprayJob } from "./protocol.js";

/** Milliseconds between two bursts. */
const STEP_MS = 5;

/** Sends RTP to the ports of the range one after the other, and counts received packets: all of them belong to others. */
export async function runSpray(job: SprayJob, emit: (event: PlatformEvent) => void): Promise<void> {
  const socket = createSocket({ type: "udp4", lookup: noLookup });
  let received = 0;
  socket.on("message", () => received++);
  socket.on("error", () => undefined);
  const listening = once(socket, "listening"); // with noLookup it may happen within bind()
  socket.bind(0, job.localAddress);
  await listening;
  const sent = await spray(job, (packet, port) => socket.send(packet, port, job.target.address));
  emit({ event: "sprayed", sent, received });
  socket.close();
}

async function spray(job: SprayJob, send: (packet: Buffer, port: number) => void): Promise<number> {
  const [first, last] = job.target.ports;
  const packet = tonePacket(PCMU, 2000, randomInt(1, 0xffffffff));
  const began = performance.now();
  let sent = 0;
  for (let passed = 0; passed < job.durationMs; passed = performance.now() - began) {
    for (const due = (passed / 1000) * (job.rate ?? 10_000); sent < due; sent++) {
      const round = Math.floor(sent / (last - first + 1));
      stamp(packet, round, round * 160);
      send(packet, first + (sent % (last - first + 1)));
    }
    await sleep(STEP_MS);
  }
  return sent;
}
