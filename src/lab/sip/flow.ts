import type { Hop, Transport } from "./uri.js";
import type { SipMessage, SipRequest } from "./message.js";
import { formatVia, parseVia } from "./values.js";

export interface Address {
  address: string;
  port: number;
}

/** A path to one peer: a UDP socket with an address, or a TCP or TLS connection. */
export interface Flow {
  readonly transport: Transport;
  readonly local: Address;
  readonly remote: Address;
  readonly reliable: boolean;
  readonly closed: boolean;
  send(bytes: Buffer): void;
}

/** Events of a transport. */
export interface FlowListener {
  onMessage(message: SipMessage, flow: Flow): void;
  /** The flow is closed; transactions on it have failed. */
  onClosed(flow: Flow, why: string): void;
  /** Data that is not a SIP message, or an error of a socket. */
  onFault(text: string, flow?: Flow): void;
}

/** Marks a request's top Via with where it came from (RFC 3261, 18.2.1; RFC 3581, 4). */
export function markSource(request: SipRequest, source: Address): void {
  const top = request.headers.all("Via")[0];
  if (top === undefined) throw new Error("a request without Via");
  const via = parseVia(top);
  const wantsPort = via.params.has("rport");
  if (wantsPort) via.params.set("rport", String(source.port));
  if (wantsPort || via.host !== source.address) via.params.set("received", source.address);
  request.headers.setFirst("Via", formatVia(via));
}

/** Where the answer to a marked request goes (RFC 3261, 18.2.2; RFC 3581, 4). */
export function replyHop(request: SipRequest): Hop {
  const via = parseVia(request.headers.all("Via")[0] ?? "");
  const transport = via.transport.toLowerCase() as Transport;
  const port = via.port ?? (transport === "tls" ? 5061 : 5060);
  return {
    transport,
    address: via.params.get("received") ?? via.host,
    port: Number(via.params.get("rport") ?? port),
  };
}
