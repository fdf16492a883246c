import { ackOfFailure } from "./build.js";
import type { Flow } from "./flow.js";
import { serialise, type SipRequest, type SipResponse } from "./message.js";
import { Retransmission, type Timers } from "./timers.js";

export interface ClientListener {
  /** Called with provisional answers, the final one, and each repeated 2xx to an INVITE, which needs its ACK again. */
  onResponse(response: SipResponse): void;
  /** Called if there will be no final answer: timeout, or error of the transport. */
  onFailure(kind: "timeout" | "transport", why: string): void;
}

export interface Counters {
  sent: number;
  received: number;
  retransmissions: number;
  malformed: number;
  stray: number;
}

/** One request until its final answer, and after it to absorb repetitions (RFC 3261, 17.1; RFC 6026). */
export class ClientTransaction {
  #state: "calling" | "proceeding" | "completed" | "ended" = "calling";
  #retransmission: Retransmission | undefined;
  #timeout: NodeJS.Timeout | undefined;
  #ack: Buffer | undefined;
  readonly #isInvite: boolean;

  constructor(
    readonly request: SipRequest,
    readonly flow: Flow,
    private readonly timers: Timers,
    private readonly counters: Counters,
    private readonly listener: ClientListener,
    private readonly onEnd: () => void,
  ) {
    this.#isInvite = request.method === "INVITE";
  }

  start(): void {
    const bytes = serialise(this.request);
    this.#send(bytes);
    if (!this.flow.reliable) {
      const again = () => {
        this.counters.retransmissions++;
        this.#send(bytes);
      };
      const most = this.#isInvite ? Infinity : this.timers.t2;
      this.#retransmission = new Retransmission(again, this.timers.t1, most);
    }
    this.#timeout = setTimeout(() => this.fail("timeout", "no final answer in time"), this.timers.giveUp);
  }

  get finished(): boolean {
    return this.#state === "completed" || this.#state === "ended";
  }

  /** Whether a provisional answer has arrived: only then an INVITE may be cancelled (RFC 3261, 9.1). */
  get proceeding(): boolean {
    return this.#state === "proceeding";
  }

  receive(response: SipResponse): void {
    if (response.status < 200) this.#provisional(response);
    else if (this.#state === "completed") this.#repeated(response);
    else if (this.#state !== "ended") this.#final(response);
  }

  /** Ends the transaction without an answer. */
  fail(kind: "timeout" | "transport", why: string): void {
    if (this.finished) return;
    this.end();
    this.listener.onFailure(kind, why);
  }

  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#quiet();
    this.onEnd();
  }

  #provisional(response: SipResponse): void {
    if (this.finished) return;
    this.#state = "proceeding";
    if (this.#isInvite) this.#quiet();
    else this.#retransmission?.slowTo(this.timers.t2);
    this.listener.onResponse(response);
  }

  #final(response: SipResponse): void {
    this.#state = "completed";
    this.#quiet();
    if (this.#isInvite && response.status >= 300) {
      this.#ack = serialise(ackOfFailure(this.request, response));
      this.#send(this.#ack);
    }
    // A 2xx to an INVITE is repeated end to end until its ACK, whatever the transport (RFC 3261, 13.3.1.4).
    const repeats = !this.flow.reliable || (this.#isInvite && response.status < 300);
    this.#timeout = setTimeout(() => this.end(), repeats ? this.timers.linger : 0);
    this.listener.onResponse(response);
  }

  #repeated(response: SipResponse): void {
    if (!this.#isInvite) return;
    if (this.#ack) this.#send(this.#ack);
    else if (response.status < 300) this.listener.onResponse(response);
  }

  #send(bytes: Buffer): void {
    this.counters.sent++;
    this.flow.send(bytes);
  }

  #quiet(): void {
    this.#retransmission?.stop();
    clearTimeout(this.#timeout);
  }
}
