import { Dialog, type RequestParts } from "./dialog.js";
import type { ClientTransaction } from "./client-transaction.js";
import type { Flow } from "./flow.js";
import type { SipRequest, SipResponse } from "./message.js";
import type { SipStack } from "./stack.js";
import { parseCSeq } from "./values.js";

/** The result of an INVITE. A 2xx is acknowledged, and has a dialog. */
export type InviteResult =
  | { kind: "answered"; response: SipResponse; dialog: Dialog }
  | { kind: "rejected"; response: SipResponse }
  | { kind: "timeout" | "transport"; why: string };

export interface InviteOptions {
  /** Milliseconds from a provisional answer to the final one; then the INVITE is cancelled. */
  ringFor?: number;
  /** The dialog of a re-INVITE; for a first INVITE it is made from the answer. */
  dialog?: Dialog;
  /** Body of the ACK of a 2xx; none by default. */
  ack?: RequestParts;
}

/** Milliseconds to wait for the 487 of a cancelled INVITE. */
const AFTER_CANCEL = 1000;

/** Sends an INVITE, acknowledges each 2xx, and cancels it after the timeout (RFC 3261, 13.2). */
export function sendInvite(
  stack: SipStack,
  request: SipRequest,
  flow: Flow,
  options: InviteOptions = {},
): Promise<InviteResult> {
  return new Promise((resolve) => new Exchange(stack, flow, options, resolve).start(request));
}

class Exchange {
  #transaction: ClientTransaction | undefined;
  #ringing: NodeJS.Timeout | undefined;
  #ack: Promise<() => void> | undefined;
  #cancelled = false;

  constructor(
    private readonly stack: SipStack,
    private readonly flow: Flow,
    private readonly options: InviteOptions,
    private readonly resolve: (result: InviteResult) => void,
  ) {}

  start(request: SipRequest): void {
    this.#transaction = this.stack.begin(request, this.flow, {
      onResponse: (response) => this.#heard(request, response),
      onFailure: (kind, why) => this.#end({ kind, why }),
    });
  }

  #heard(request: SipRequest, response: SipResponse): void {
    if (response.status < 200) {
      this.#ringing ??= setTimeout(() => this.#cancel(), this.options.ringFor ?? 32_000);
    } else if (response.status >= 300) {
      if (this.#cancelled) this.#end({ kind: "timeout", why: `cancelled, ${response.status}` });
      else this.#end({ kind: "rejected", response });
    } else if (this.#ack) {
      void this.#ack.then((again) => again());
    } else {
      this.#accept(request, response);
    }
  }

  #accept(request: SipRequest, response: SipResponse): void {
    const dialog = this.options.dialog ?? Dialog.ofCaller(request, response);
    dialog.refreshTarget(response);
    this.#ack = this.#acknowledge(dialog, parseCSeq(response.headers.get("CSeq")).number);
    this.#ack.then(
      () => this.#end({ kind: "answered", response, dialog }),
      (error: Error) => this.#end({ kind: "transport", why: `ACK: ${error.message}` }),
    );
    if (this.#cancelled) void this.#ack.then(() => this.#hangUp(dialog)).catch(() => undefined);
  }

  /** Sends the ACK, and returns a function that repeats it. */
  async #acknowledge(dialog: Dialog, sequence: number): Promise<() => void> {
    const flow = await this.stack.flowTo(dialog.nextHop(), this.flow);
    const bytes = this.stack.acknowledge(dialog.ack(sequence, this.options.ack), flow);
    return () => flow.send(bytes);
  }

  #cancel(): void {
    if (!this.#transaction || this.#transaction.finished) return;
    this.#cancelled = true;
    this.stack.cancel(this.#transaction);
    this.#ringing = setTimeout(() => {
      this.#end({ kind: "timeout", why: "no final answer, also not to CANCEL" });
    }, AFTER_CANCEL);
  }

  /** Handles a 2xx that arrives after the cancellation (RFC 3261, 15: ACK, then BYE). */
  async #hangUp(dialog: Dialog): Promise<void> {
    await this.stack.ask(dialog.request("BYE"), await this.stack.flowTo(dialog.nextHop(), this.flow));
  }

  #end(result: InviteResult): void {
    clearTimeout(this.#ringing);
    this.resolve(
      this.#cancelled && result.kind === "answered" ? { kind: "timeout", why: "answered too late" } : result,
    );
  }
}
