import { respondTo, type ResponseParts } from "./build.js";
import type { Counters } from "./client-transaction.js";
import type { Flow } from "./flow.js";
import { serialise, type SipRequest } from "./message.js";
import { Retransmission, type Timers } from "./timers.js";

/** Events of an INVITE after it was passed to the handler. */
export interface InviteListener {
  onAck?(ack: SipRequest): void;
  onCancel?(): void;
  /** A 2xx was never acknowledged (RFC 3261, 13.3.1.4: the session should be ended). */
  onNoAck?(): void;
}

/** One received request and its answers (RFC 3261, 17.2; RFC 6026). */
export class ServerTransaction {
  listener: InviteListener = {};
  /** The last status sent; 0 before the first. */
  status = 0;
  #last: Buffer | undefined;
  #acknowledged = false;
  #retransmission: Retransmission | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(
    readonly request: SipRequest,
    readonly flow: Flow,
    private readonly timers: Timers,
    private readonly counters: Counters,
    private readonly reply: (bytes: Buffer) => void,
    private readonly onEnd: () => void,
  ) {}

  get final(): boolean {
    return this.status >= 200;
  }

  respond(status: number, parts: ResponseParts = {}): void {
    if (this.final) return;
    this.status = status;
    this.#last = serialise(respondTo(this.request, status, parts));
    this.#send();
    if (!this.final) return;
    const isInvite = this.request.method === "INVITE";
    if (isInvite) this.#awaitAck();
    else this.#timeout = setTimeout(() => this.end(), this.flow.reliable ? 0 : this.timers.linger);
  }

  /** Handles a retransmission: repeats the last answer. A 2xx to an INVITE is repeated by a timer. */
  repeated(): void {
    const accepted = this.request.method === "INVITE" && this.final && this.status < 300;
    if (this.#last && !accepted && !this.#acknowledged) this.#send();
  }

  acknowledge(ack: SipRequest): void {
    if (this.#acknowledged) return;
    this.#acknowledged = true;
    this.#retransmission?.stop();
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(() => this.end(), this.timers.linger);
    this.listener.onAck?.(ack);
  }

  end(): void {
    this.#retransmission?.stop();
    clearTimeout(this.#timeout);
    this.onEnd();
  }

  #awaitAck(): void {
    const accepted = this.status < 300;
    if (accepted || !this.flow.reliable) {
      const again = () => {
        this.counters.retransmissions++;
        this.#send();
      };
      this.#retransmission = new Retransmission(again, this.timers.t1, this.timers.t2);
    }
    this.#timeout = setTimeout(() => {
      this.end();
      if (accepted) this.listener.onNoAck?.();
    }, this.timers.giveUp);
  }

  #send(): void {
    if (!this.#last) return;
    this.counters.sent++;
    this.reply(this.#last);
  }
}
