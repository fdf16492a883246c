import { setImmediate as nextRound, setTimeout as sleep } from "node:timers/promises";
import { RtpReceiver } from "../rtp/receiver.js";
import type { RtpPorts } from "../rtp/ports.js";
import type { Sdp } from "../sdp.js";
import { Dialog } from "../sip/dialog.js";
import type { Flow } from "../sip/flow.js";
import { newTag } from "../sip/identifiers.js";
import type { SipRequest } from "../sip/message.js";
import { formatHop } from "../sip/uri.js";
import { answerSdp } from "./answer.js";
import type { RecordedCall, RecorderOptions } from "./protocol.js";

/** Milliseconds after which ports are released even if the sender continues after the BYE. */
const MOST_LINGERS = 10;

/** One recorded call: its dialog, and the received packets of its streams. */
export class Call {
  readonly dialog: Dialog;
  state: RecordedCall["state"] = "early";
  endedBy: RecordedCall["endedBy"];
  reinvites = 0;
  /** This side's current session description. */
  local: Sdp | undefined;
  #receivers: RtpReceiver[] = [];
  #closed: RecordedCall["streams"] | undefined;

  constructor(
    invite: SipRequest,
    readonly flow: Flow,
  ) {
    this.dialog = Dialog.ofCallee(invite, newTag());
  }

  get callId(): string {
    return this.dialog.callId;
  }

  /** Binds a socket for each new stream, and returns the answer. */
  async answer(offer: Sdp, ports: RtpPorts, options: RecorderOptions): Promise<Sdp> {
    for (let i = this.#receivers.length; i < offer.streams.length; i++) {
      const label = offer.streams[i]?.label ?? String(i + 1);
      this.#receivers.push(new RtpReceiver(label, await ports.open(options.rtcp ?? false)));
    }
    const numbers = this.#receivers.map((receiver) => receiver.socket.port);
    const version = (this.local?.version ?? 0) + 1;
    const answer = answerSdp(offer, options.advertise ?? ports.address, numbers, version);
    this.local = { ...answer, sessionId: this.#sessionId() };
    return this.local;
  }

  /** Counts media until none has arrived for `linger` milliseconds, and then releases the ports. Resolves after that. */
  async end(by: NonNullable<RecordedCall["endedBy"]>, linger: number): Promise<void> {
    if (this.state === "ended") return;
    this.state = "ended";
    this.endedBy = by;
    await this.#silence(linger);
    this.#closed = this.#receivers.map((receiver) => receiver.report());
    for (const receiver of this.#receivers) receiver.socket.close();
    this.#receivers = [];
  }

  /** Reads packets that are waiting at the sockets before silence counts: on a busy machine, the timer may run before them. */
  async #silence(linger: number): Promise<void> {
    const packets = () => this.#receivers.reduce((sum, receiver) => sum + receiver.packets, 0);
    for (let round = 0, before = -1; round < MOST_LINGERS && before !== packets(); round++) {
      before = packets();
      await sleep(linger);
      await nextRound();
    }
  }

  report(): RecordedCall {
    return {
      callId: this.callId,
      state: this.state,
      ...(this.endedBy === undefined ? {} : { endedBy: this.endedBy }),
      source: formatHop({ transport: this.flow.transport, ...this.flow.remote }),
      reinvites: this.reinvites,
      streams: this.#closed ?? this.#receivers.map((receiver) => receiver.report()),
    };
  }

  #sessionId(): number {
    return this.local?.sessionId ?? parseInt(this.dialog.localTag.slice(0, 10), 16);
  }
}
