/**
 * Sends datagrams as they are, at a bounded rate: node send.mjs LOCAL TARGET PORT RATE < FRAMES, where a frame is its
 * length in four bytes and the datagram. Run it in the namespace of a platform.
 */
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";

const [local, target, port, rate] = process.argv.slice(2);
const lookup = (name, _options, done) => done(null, name, 4);
const socket = createSocket({ type: "udp4", lookup });
socket.on("error", () => undefined);
await new Promise((resolve) => socket.bind(5060, local, resolve));

const began = performance.now();
let sent = 0;
let rest = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0);
    socket.send(rest.subarray(4, end), Number(port), target, () => undefined);
    rest = rest.subarray(end);
    const early = (++sent / Number(rate)) * 1000 - (performance.now() - began);
    if (early > 5) await sleep(early);
  }
}
await sleep(500);
process.stdout.write(String(sent));
process.exit();
