import type { Server } from "node:net";
import { cancelOf, tagOf } from "./build.js";
import { ClientTransaction, type ClientListener, type Counters } from "./client-transaction.js";
import { replyHop, type Address, type Flow, type FlowListener } from "./flow.js";
import { newBranch } from "./identifiers.js";
import { serialise, type SipMessage, type SipRequest, type SipResponse } from "./message.js";
import { ServerTransaction } from "./server-transaction.js";
import { connectStream, listenStream, type StreamFlow, type TlsMaterial } from "./stream.js";
import { USUAL_TIMERS, type Timers } from "./timers.js";
import { UdpTransport } from "./udp.js";
import { formatHop, type Hop } from "./uri.js";
import { formatVia, parseCSeq, parseVia } from "./values.js";

export interface StackOptions {
  timers?: Partial<Timers>;
  /** Milliseconds for a connection to be made. */
  connectTimeout?: number;
  /** The sender in Via; default: address and port of the flow. */
  sentBy?: (flow: Flow) => Address;
  /** Whether requests over UDP have rport, so that answers go to the source port (RFC 3581). */
  rport?: boolean;
  tls?: TlsMaterial;
  onRequest: (transaction: ServerTransaction) => void;
  onFault?: (text: string) => void;
}

/** A SIP endpoint: transports below, transactions in the middle, requests and answers above (RFC 3261, 17 and 18). */
export class SipStack implements FlowListener {
  readonly counters: Counters = { sent: 0, received: 0, retransmissions: 0, malformed: 0, stray: 0 };
  readonly timers: Timers;
  #udp: UdpTransport[] = [];
  #servers: Server[] = [];
  /** Outgoing connections by hop and slot; as promises, so that calls that start together share one. */
  #streams = new Map<string, Promise<StreamFlow>>();
  #accepted = new Set<StreamFlow>();
  #clients = new Map<string, ClientTransaction>();
  #transactions = new Map<string, ServerTransaction>();
  /** INVITEs answered with 2xx, by dialog and CSeq, because their ACK has another branch. */
  #awaitingAck = new Map<string, ServerTransaction>();

  constructor(private readonly options: StackOptions) {
    this.timers = { ...USUAL_TIMERS, ...options.timers };
  }

  async listen(hop: Hop): Promise<Hop> {
    if (hop.transport === "udp") {
      const udp = await UdpTransport.bind(hop, this);
      this.#udp.push(udp);
      return { ...hop, port: udp.local.port };
    }
    const server = await listenStream(hop, this, (flow) => this.#keep(flow), this.options.tls);
    this.#servers.push(server);
    const bound = server.address();
    return { ...hop, port: bound !== null && typeof bound === "object" ? bound.port : hop.port };
  }

  /** A flow to a hop: the preferred one if it leads there, an open connection, or a new one (`slot`: one of several). */
  async flowTo(hop: Hop, preferred?: Flow, slot = 0): Promise<Flow> {
    if (preferred && leadsTo(preferred, hop)) return preferred;
    if (hop.transport === "udp") {
      const same = (udp: UdpTransport) =>
        udp.local.port === preferred?.local.port && udp.local.address === preferred.local.address;
      const udp = this.#udp.find(same) ?? this.#udp[0];
      if (!udp) throw new Error("no UDP socket is bound");
      return udp.flowTo({ address: hop.address, port: hop.port });
    }
    const key = `${formatHop(hop)}#${slot}`;
    return (
      this.#streams.get(key) ??
      [...this.#accepted].find((flow) => leadsTo(flow, hop)) ??
      this.#connect(hop, key)
    );
  }

  /** Starts a transaction, and adds Via to the request. */
  begin(request: SipRequest, flow: Flow, listener: ClientListener): ClientTransaction {
    this.#addVia(request, flow);
    return this.#start(request, flow, listener);
  }

  /** Sends a request and resolves with its final answer; rejects when none comes. */
  ask(request: SipRequest, flow: Flow): Promise<SipResponse> {
    return new Promise((resolve, reject) => {
      this.begin(request, flow, {
        onResponse: (response) => response.status >= 200 && resolve(response),
        onFailure: (kind, why) => reject(new Error(`${request.method}: ${kind}: ${why}`)),
      });
    });
  }

  /** Cancels an INVITE that has a provisional answer; its 487 arrives as its final answer. */
  cancel(invite: ClientTransaction): void {
    this.#start(cancelOf(invite.request), invite.flow, {
      onResponse: () => undefined,
      onFailure: () => undefined,
    });
  }

  /** Sends the ACK of a 2xx, outside of transactions. The bytes are used again if the 2xx is repeated. */
  acknowledge(ack: SipRequest, flow: Flow): Buffer {
    this.#addVia(ack, flow);
    const bytes = serialise(ack);
    this.counters.sent++;
    flow.send(bytes);
    return bytes;
  }

  close(): void {
    for (const transaction of [...this.#clients.values(), ...this.#transactions.values()]) transaction.end();
    for (const flow of this.#accepted) flow.close();
    for (const made of this.#streams.values()) void made.then((flow) => flow.close());
    for (const server of this.#servers) server.close();
    for (const udp of this.#udp) udp.close();
  }

  onMessage(message: SipMessage, flow: Flow): void {
    this.counters.received++;
    if (message.kind === "response") this.#response(message);
    else if (message.method === "ACK") this.#ack(message);
    else this.#request(message, flow);
  }

  onClosed(flow: Flow, why: string): void {
    this.#accepted.delete(flow as StreamFlow);
    for (const transaction of this.#clients.values()) {
      if (transaction.flow === flow) transaction.fail("transport", why);
    }
  }

  onFault(text: string): void {
    this.counters.malformed++;
    this.options.onFault?.(text);
  }

  #connect(hop: Hop, key: string): Promise<StreamFlow> {
    const forget = () => this.#streams.delete(key);
    const from = this.#localAddress();
    const made = connectStream(hop, from, this.options.connectTimeout ?? 4000, this, forget);
    made.catch(forget);
    this.#streams.set(key, made);
    return made;
  }

  #start(request: SipRequest, flow: Flow, listener: ClientListener): ClientTransaction {
    const key = clientKey(request);
    const onEnd = () => this.#clients.delete(key);
    const transaction = new ClientTransaction(request, flow, this.timers, this.counters, listener, onEnd);
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  #response(response: SipResponse): void {
    const transaction = this.#clients.get(clientKey(response));
    if (transaction) transaction.receive(response);
    else this.counters.stray++;
  }

  #request(request: SipRequest, flow: Flow): void {
    const key = serverKey(request, request.method);
    const known = this.#transactions.get(key);
    if (known) return known.repeated();
    const reply = (bytes: Buffer) => this.#reply(transaction, bytes);
    const transaction = new ServerTransaction(request, flow, this.timers, this.counters, reply, () => {
      this.#transactions.delete(key);
      if (this.#awaitingAck.get(ackKey(request)) === transaction) this.#awaitingAck.delete(ackKey(request));
    });
    this.#transactions.set(key, transaction);
    if (request.method === "INVITE") this.#awaitingAck.set(ackKey(request), transaction);
    if (request.method === "CANCEL") this.#cancelled(transaction);
    else this.options.onRequest(transaction);
  }

  #ack(ack: SipRequest): void {
    const transaction =
      this.#transactions.get(serverKey(ack, "INVITE")) ?? this.#awaitingAck.get(ackKey(ack));
    if (transaction) transaction.acknowledge(ack);
    else this.counters.stray++;
  }

  #cancelled(cancel: ServerTransaction): void {
    const invite = this.#transactions.get(serverKey(cancel.request, "INVITE"));
    cancel.respond(invite ? 200 : 481);
    if (!invite || invite.final) return;
    invite.listener.onCancel?.();
    invite.respond(487);
  }

  /** Answers use the connection of the request; if it is closed, a new one (RFC 3261, 18.2.2). */
  #reply(transaction: ServerTransaction, bytes: Buffer): void {
    if (!transaction.flow.closed) return transaction.flow.send(bytes);
    this.flowTo(replyHop(transaction.request)).then(
      (flow) => flow.send(bytes),
      (error: Error) => this.options.onFault?.(`answer not delivered: ${error.message}`),
    );
  }

  #addVia(request: SipRequest, flow: Flow): void {
    const { address, port } = this.options.sentBy?.(flow) ?? flow.local;
    const params = new Map<string, string | undefined>([["branch", newBranch()]]);
    if (flow.transport === "udp" && this.options.rport !== false) params.set("rport", undefined);
    const transport = flow.transport.toUpperCase() as Uppercase<Hop["transport"]>;
    request.headers.prepend("Via", formatVia({ transport, host: address, port, params }));
  }

  #keep(flow: StreamFlow): void {
    this.#accepted.add(flow);
  }

  /** Connections use the listening address as source, because a host can have several addresses. */
  #localAddress(): string | undefined {
    const bound = this.#servers[0]?.address();
    const address = bound && typeof bound === "object" ? bound.address : this.#udp[0]?.local.address;
    return address === "0.0.0.0" || address === "::" ? undefined : address;
  }
}

function leadsTo(flow: Flow, hop: Hop): boolean {
  return (
    !flow.closed &&
    flow.transport === hop.transport &&
    flow.remote.address === hop.address &&
    flow.remote.port === hop.port
  );
}

/** RFC 3261, 17.1.3: the top Via's branch and the method of CSeq. */
function clientKey(message: SipMessage): string {
  const via = parseVia(message.headers.all("Via")[0] ?? "");
  return `${via.params.get("branch") ?? ""} ${parseCSeq(message.headers.get("CSeq")).method}`;
}

/** RFC 3261, 17.2.3: the top Via's branch and sent-by, and the method (an ACK's is the INVITE's). */
function serverKey(request: SipRequest, method: string): string {
  const via = parseVia(request.headers.all("Via")[0] ?? "");
  return `${via.params.get("branch") ?? ""} ${via.host}:${via.port ?? ""} ${method}`;
}

function ackKey(request: SipRequest): string {
  const { headers } = request;
  const sequence = parseCSeq(headers.get("CSeq")).number;
  return `${headers.get("Call-ID") ?? ""} ${tagOf(headers.get("From")) ?? ""} ${sequence}`;
}
