/** `run-ts.mjs sender.ts`: sends RTP on many streams at the same time, with 50 packets/s each (see protocol.ts). */
import { MediaClock } from "../../../src/lab/rtp/clock.js";
import { RtpPorts } from "../../../src/lab/rtp/ports.js";
import { RtpSender } from "../../../src/lab/rtp/sender.js";
import { readJsonLines, writeJsonLine } from "../../../src/lab/json-lines.js";
import type { SenderOptions } from "./protocol.js";

const clock = new MediaClock();
let senders: RtpSender[] | undefined;

async function open({ address, firstPort, targets }: SenderOptions): Promise<RtpSender[]> {
  const ports = new RtpPorts(address, firstPort, firstPort + 2 * targets.length + 2);
  const opened: RtpSender[] = [];
  for (const target of targets) {
    const sender = new RtpSender("1", await ports.open(false), clock, 50);
    await sender.aim(target);
    opened.push(sender);
  }
  return opened;
}

function command({ id, send }: { id: number; send?: boolean }): void {
  for (const sender of senders ?? []) {
    if (send === true) sender.start();
    if (send === false) sender.stop();
  }
  const sent = (senders ?? []).reduce((sum, { sent: { packets } }) => sum + packets, 0);
  writeJsonLine({ event: "done", id, sent, missed: clock.missed });
}

let first = true;
const heard = async (line: object) => {
  if (!first) return command(line as { id: number; send?: boolean });
  first = false;
  senders = await open(line as SenderOptions);
  writeJsonLine({ event: "ready" });
};
void readJsonLines(
  process.stdin,
  (line) => void heard(line),
  () => undefined,
).then(() => process.exit());
