import { Lateness } from "../lateness.js";
import { RtpPorts } from "../rtp/ports.js";
import { METADATA_TYPE, SDP_TYPE } from "../siprec.js";
import { tagOf } from "../sip/build.js";
import type { InviteListener, ServerTransaction } from "../sip/server-transaction.js";
import { SipStack } from "../sip/stack.js";
import { formatHop, type Hop } from "../sip/uri.js";
import type { Sdp } from "../sdp.js";
import { streamAddresses, twoStreams } from "./answer.js";
import { CallBook } from "./book.js";
import { Call } from "./call.js";
import { ALLOW, contents, offerIn, seen } from "./contents.js";
import type { Behaviour, Reaction, RecorderEvent, RecorderOptions } from "./protocol.js";

const USUAL: Behaviour = {
  invite: "answer",
  unservable: 500,
  redirectTo: "",
  reinvite: "answer",
  bye: "answer",
  options: "answer",
  ringing: false,
  answerAfterMs: 0,
  body: "sdp",
};

/** A SIPREC recording server (RFC 7866): accepts calls, counts their media, and behaves as configured. */
export class RecorderServer {
  readonly behaviour: Behaviour;
  readonly stack: SipStack;
  readonly book: CallBook;
  readonly lateness = new Lateness();
  readonly #ports: RtpPorts;

  constructor(
    readonly options: RecorderOptions,
    private readonly emit: (event: RecorderEvent) => void,
  ) {
    this.behaviour = { ...USUAL, ...options.behaviour };
    this.book = new CallBook(options, emit);
    const [first, last] = options.rtp?.ports ?? [10_000, 59_999];
    this.#ports = new RtpPorts(
      options.rtp?.address ?? options.listen[0]?.address ?? "127.0.0.1",
      first,
      last,
    );
    this.stack = new SipStack({
      onRequest: (transaction) => this.#request(transaction),
      onFault: (text) => emit({ event: "fault", text }),
      sentBy: ({ local }) => ({ address: options.advertise ?? local.address, port: local.port }),
      ...(options.timers === undefined ? {} : { timers: options.timers }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
    });
  }

  /** Binds all sockets; resolves with their addresses and ports. */
  listen(): Promise<Hop[]> {
    return Promise.all(this.options.listen.map((hop) => this.stack.listen(hop)));
  }

  #request(transaction: ServerTransaction): void {
    const { method, headers } = transaction.request;
    if (tagOf(headers.get("To")) !== undefined) this.#withinDialog(transaction);
    else if (method === "INVITE") this.#guard(transaction, this.#invite(transaction));
    else if (method === "OPTIONS") this.#optionsRequest(transaction);
    else transaction.respond(405, { toTag: "none", headers: [["Allow", ALLOW]] });
  }

  async #invite(transaction: ServerTransaction): Promise<void> {
    const { request, flow } = transaction;
    const { invite, unservable, ringing, answerAfterMs } = this.behaviour;
    const reaction = request.headers.get("X-Unservable") === undefined ? invite : unservable;
    this.book.tally.invites++;
    this.book.tell({ event: "invite", ...seen(request, flow) });
    if (reaction === "silent") return;
    transaction.respond(100);
    if (reaction === "trying-then-silent") return;
    const call = new Call(request, flow);
    transaction.listener = this.#listener(call);
    const toTag = call.dialog.localTag;
    if (ringing) transaction.respond(180, { toTag });
    if (answerAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, answerAfterMs));
    if (reaction !== "answer")
      return transaction.respond(reaction, { toTag, headers: this.#refusal(reaction) });
    const offer = offerIn(request) ?? twoStreams;
    const answer = await call.answer(offer, this.#ports, this.options);
    if (transaction.final) return call.end("cancel", 0); // a CANCEL arrived first
    this.book.add(call);
    call.state = "answered";
    transaction.respond(200, { toTag, ...this.#contents(transaction, answer) });
  }

  #withinDialog(transaction: ServerTransaction): void {
    const { method } = transaction.request;
    const call = this.book.find(transaction.request);
    if (!call) this.#unknown(transaction);
    else if (method === "INVITE" || method === "UPDATE") {
      this.#guard(transaction, this.#reinvite(call, transaction));
    } else if (method === "BYE") this.#bye(call, transaction);
    else transaction.respond(200, this.#contents(transaction, undefined));
  }

  async #reinvite(call: Call, transaction: ServerTransaction): Promise<void> {
    const { request } = transaction;
    const { reinvite: reaction } = this.behaviour;
    const offer = offerIn(request);
    if (request.method === "INVITE") {
      call.reinvites++;
      this.book.tally.reinvites++;
      const streams = offer ? streamAddresses(offer) : [];
      this.book.tell({ event: "reinvite", callId: call.callId, offer: streams });
    }
    if (reaction === "silent") return;
    if (reaction !== "answer") return transaction.respond(reaction, { headers: [this.#name] });
    call.dialog.refreshTarget(request);
    transaction.listener = this.#listener(call);
    const answer = offer ? await call.answer(offer, this.#ports, this.options) : call.local;
    transaction.respond(200, this.#contents(transaction, answer));
  }

  #bye(call: Call, transaction: ServerTransaction): void {
    this.book.tally.byes++;
    this.#react(transaction, this.behaviour.bye);
    const { status } = transaction;
    this.book.tell({ event: "bye", callId: call.callId, by: "platform", status });
    void this.book.end(call, "platform");
  }

  #optionsRequest(transaction: ServerTransaction): void {
    this.book.tally.options++;
    const accept = `${SDP_TYPE}, ${METADATA_TYPE}, multipart/mixed`;
    this.#react(transaction, this.behaviour.options, [
      ["Allow", ALLOW],
      ["Accept", accept],
    ]);
  }

  #unknown(transaction: ServerTransaction): void {
    const { request, flow } = transaction;
    const callId = request.headers.get("Call-ID") ?? "";
    const source = formatHop({ transport: flow.transport, ...flow.remote });
    this.book.tally.unknownDialog++;
    this.book.tell({ event: "unknown-dialog", method: request.method, callId, source });
    transaction.respond(481, { headers: [this.#name] });
  }

  #listener(call: Call): InviteListener {
    const { book } = this;
    const { callId } = call;
    return {
      onAck: () => {
        if (call.state === "early") return; // ACK of a final answer other than 2xx
        book.tally.acks++;
        if (call.state === "answered") call.state = "up";
        book.tell({ event: "ack", callId });
      },
      onNoAck: () => {
        book.tally.noAck++;
        book.tell({ event: "no-ack", callId });
        void book.end(call, "no-ack");
      },
      onCancel: () => {
        book.tally.cancels++;
        book.tell({ event: "cancel", callId });
      },
    };
  }

  #react(transaction: ServerTransaction, reaction: Reaction, headers: [string, string][] = []): void {
    if (reaction === "silent") return;
    const status = reaction === "answer" ? 200 : reaction;
    transaction.respond(status, { toTag: "none", headers: [this.#name, ...headers] });
  }

  /** Answers 500 to a request that cannot be read or served, and reports it. */
  #guard(transaction: ServerTransaction, work: Promise<void>): void {
    work.catch((error: Error) => {
      this.emit({ event: "fault", text: `${transaction.request.method}: ${error.message}` });
      transaction.respond(500, { toTag: "fault", headers: [this.#name] });
    });
  }

  #refusal(status: number): [string, string][] {
    const redirected = status >= 300 && status <= 399;
    return redirected ? [this.#name, ["Contact", `<${this.behaviour.redirectTo}>`]] : [this.#name];
  }

  get #name(): [string, string] {
    return ["Server", this.options.name];
  }

  #contents(transaction: ServerTransaction, sdp: Sdp | undefined) {
    return contents(this.options, transaction.flow, sdp, this.behaviour.body);
  }
}
