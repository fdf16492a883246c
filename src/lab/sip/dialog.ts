import { tagOf } from "./build.js";
import { SipHeaders, type HeaderStyle } from "./headers.js";
import type { SipRequest, SipResponse } from "./message.js";
import { formatUri, hopOf, parseUri, type Hop } from "./uri.js";
import { parseCSeq, parseNameAddr } from "./values.js";

/** Parts of a request in a dialog, besides the dialog's headers. */
export interface RequestParts {
  headers?: Iterable<readonly [string, string]>;
  body?: Buffer;
  style?: HeaderStyle;
}

/**
 * How the Route headers change if requests go through another proxy than the one that has set up the call: the first Route is replaced
 * by the new proxy (`replaced`), the new proxy is added before the others (`before`), or nothing changes (`kept`).
 */
export type Detour = "replaced" | "before" | "kept";

/** One side's state of a dialog (RFC 3261, 12). `local` and `remote` are From or To values with their tags. */
export class Dialog {
  #moved: { to: Hop; detour: Detour } | undefined;

  constructor(
    readonly callId: string,
    readonly local: string,
    readonly remote: string,
    /** Route values in the order in which this side's requests pass them. */
    readonly routeSet: readonly string[],
    /** The other side's Contact URI: the target of requests. */
    public remoteTarget: string,
    /** CSeq number of the last request sent from this side. */
    public localSequence: number,
  ) {}

  /** The caller's side, from its INVITE and the 2xx (12.1.2): Record-Route reversed. */
  static ofCaller(invite: SipRequest, answer: SipResponse): Dialog {
    return new Dialog(
      required(invite, "Call-ID"),
      required(invite, "From"),
      required(answer, "To"),
      answer.headers.all("Record-Route").reverse(),
      contactUri(answer) ?? invite.uri,
      parseCSeq(invite.headers.get("CSeq")).number,
    );
  }

  /** The callee's side, from the INVITE and the tag in its answer (12.1.1): Record-Route in received order. */
  static ofCallee(invite: SipRequest, toTag: string): Dialog {
    return new Dialog(
      required(invite, "Call-ID"),
      `${required(invite, "To")};tag=${toTag}`,
      required(invite, "From"),
      invite.headers.all("Record-Route"),
      contactUri(invite) ?? parseNameAddr(required(invite, "From")).uri,
      0,
    );
  }

  get localTag(): string {
    return tagOf(this.local) ?? "";
  }

  get remoteTag(): string {
    return tagOf(this.remote) ?? "";
  }

  /** Whether a request from the other side belongs here (12.2.2). */
  holds(request: SipRequest): boolean {
    return (
      request.headers.get("Call-ID") === this.callId &&
      tagOf(request.headers.get("To")) === this.localTag &&
      tagOf(request.headers.get("From")) === this.remoteTag
    );
  }

  /** A target refresh (12.2): the route set stays. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.remoteTarget = contactUri(message) ?? this.remoteTarget;
  }

  /** Sends this side's requests through another proxy from now on. */
  moveTo(to: Hop, detour: Detour): void {
    this.#moved = { to, detour };
  }

  /** The next request of this side. */
  request(method: string, parts: RequestParts = {}): SipRequest {
    this.localSequence++;
    return this.#build(method, this.localSequence, parts);
  }

  /** The ACK of a 2xx to the INVITE with that CSeq number (13.2.2.4). */
  ack(sequence: number, parts: RequestParts = {}): SipRequest {
    return this.#build("ACK", sequence, parts);
  }

  /** The hop that this side's requests are sent to (8.1.2, 12.2.1.1). */
  nextHop(): Hop {
    if (this.#moved) return this.#moved.to;
    const first = this.routeSet[0];
    return hopOf(first === undefined ? this.remoteTarget : parseNameAddr(first).uri);
  }

  #build(method: string, sequence: number, parts: RequestParts): SipRequest {
    const { uri, routes } = this.#routing();
    const headers = new SipHeaders();
    for (const route of routes) headers.add("Route", route);
    headers.add("Max-Forwards", "70");
    headers.add("From", this.local);
    headers.add("To", this.remote);
    headers.add("Call-ID", this.callId);
    headers.add("CSeq", `${sequence} ${method}`);
    for (const [name, value] of parts.headers ?? []) headers.add(name, value);
    const style = parts.style === undefined ? {} : { style: parts.style };
    return { kind: "request", method, uri, headers, body: parts.body ?? Buffer.alloc(0), ...style };
  }

  /** Loose routing, and for a first route without `lr` strict routing (12.2.1.1). */
  #routing(): { uri: string; routes: readonly string[] } {
    const routeSet = this.#routes();
    const [first, ...rest] = routeSet;
    if (first === undefined) return { uri: this.remoteTarget, routes: [] };
    const { uri } = parseNameAddr(first);
    if (parseUri(uri).params.has("lr")) return { uri: this.remoteTarget, routes: routeSet };
    return { uri, routes: [...rest, `<${this.remoteTarget}>`] };
  }

  #routes(): readonly string[] {
    const [first, ...rest] = this.routeSet;
    if (!this.#moved || this.#moved.detour === "kept" || first === undefined) return this.routeSet;
    const { to, detour } = this.#moved;
    const there = { host: to.address, port: to.port };
    if (detour === "replaced") {
      return [`<${formatUri({ ...parseUri(parseNameAddr(first).uri), ...there })}>`, ...rest];
    }
    const params = new Map([
      ["transport", to.transport],
      ["lr", undefined],
    ]);
    return [`<${formatUri({ scheme: "sip", ...there, params })}>`, ...this.routeSet];
  }
}

function contactUri(message: SipRequest | SipResponse): string | undefined {
  const contact = message.headers.all("Contact")[0];
  return contact === undefined ? undefined : parseNameAddr(contact).uri;
}

function required(message: SipRequest | SipResponse, name: string): string {
  const value = message.headers.get(name);
  if (value === undefined) throw new Error(`a message without ${name}`);
  return value;
}
