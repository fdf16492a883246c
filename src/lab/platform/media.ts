import type { MediaClock } from "../rtp/clock.js";
import type { RtpPorts } from "../rtp/ports.js";
import { RtpSender, type SentStream } from "../rtp/sender.js";
import { PCMA, PCMU } from "../sdp.js";
import type { StreamAddress } from "../recorder/protocol.js";
import type { CallsJob } from "./protocol.js";

const LABELS = ["1", "2"];

/** The two streams of a call. */
export class CallMedia {
  private constructor(private readonly senders: RtpSender[]) {}

  static async open(job: CallsJob, ports: RtpPorts, clock: MediaClock): Promise<CallMedia> {
    const { rate = 50, rtcp = false, codec = "PCMU" } = job.rtp ?? {};
    const senders: RtpSender[] = [];
    for (const label of LABELS) {
      const socket = await ports.open(rtcp);
      senders.push(new RtpSender(label, socket, clock, rate, codec === "PCMA" ? PCMA : PCMU));
    }
    return new CallMedia(senders);
  }

  get ports(): number[] {
    return this.senders.map((sender) => sender.socket.port);
  }

  get sent(): SentStream[] {
    return this.senders.map((sender) => sender.sent);
  }

  /** Sends each stream to the address in the answer, unless it is refused or paused. Returns faults of the answer. */
  async follow(answer: StreamAddress[]): Promise<string[]> {
    const errors: string[] = [];
    if (answer.length !== this.senders.length) errors.push(`${answer.length} streams in the answer`);
    for (const [i, sender] of this.senders.entries()) {
      const stream = answer[i];
      const wanted = stream && stream.port !== 0 && stream.address !== "0.0.0.0";
      if (!wanted) {
        errors.push(`stream ${i + 1} was refused`);
        sender.stop();
      } else if (stream.direction === "inactive" || stream.direction === "sendonly") sender.stop();
      else {
        await sender.aim(stream);
        sender.start();
      }
      if (stream && stream.label !== LABELS[i]) errors.push(`stream ${i + 1} has label ${stream.label}`);
    }
    return errors;
  }

  stop(): void {
    for (const sender of this.senders) sender.stop();
  }

  start(): void {
    for (const sender of this.senders) sender.start();
  }

  close(): void {
    for (const sender of this.senders) sender.close();
  }
}
