import { SipHeaders } from "./headers.js";
import type { SipRequest, SipResponse } from "./message.js";
import { parseCSeq, parseNameAddr } from "./values.js";

const REASONS: Record<number, string> = {
  100: "Trying",
  180: "Ringing",
  200: "OK",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  480: "Temporarily Unavailable",
  481: "Call/Transaction Does Not Exist",
  486: "Busy Here",
  487: "Request Terminated",
  488: "Not Acceptable Here",
  500: "Server Internal Error",
  503: "Service Unavailable",
  600: "Busy Everywhere",
};

/** What a response adds to what RFC 3261, 8.2.6.2 copies from the request. */
export interface ResponseParts {
  /** Added to To where the request has none; not for 100 (8.2.6.2). */
  toTag?: string;
  headers?: Iterable<readonly [string, string]>;
  body?: Buffer;
  reason?: string;
}

/** A response with the request's Via, From, To, Call-ID, CSeq and, where a dialog is made, Record-Route (12.1.1). */
export function respondTo(request: SipRequest, status: number, parts: ResponseParts = {}): SipResponse {
  const headers = new SipHeaders();
  for (const via of request.headers.all("Via")) headers.add("Via", via);
  if (status > 100 && status < 300) {
    for (const route of request.headers.all("Record-Route")) headers.add("Record-Route", route);
  }
  headers.add("From", request.headers.get("From") ?? "");
  headers.add("To", withTag(request.headers.get("To") ?? "", parts.toTag));
  headers.add("Call-ID", request.headers.get("Call-ID") ?? "");
  headers.add("CSeq", request.headers.get("CSeq") ?? "");
  for (const [name, value] of parts.headers ?? []) headers.add(name, value);
  const reason = parts.reason ?? REASONS[status] ?? "Because";
  return { kind: "response", status, reason, headers, body: parts.body ?? Buffer.alloc(0) };
}

/** The ACK for a final answer other than 2xx: it belongs to the INVITE's transaction (RFC 3261, 17.1.1.3). */
export function ackOfFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const ack = sameTransaction(invite, "ACK");
  return { ...ack, headers: ack.headers.set("To", response.headers.get("To") ?? "") };
}

/** The CANCEL of a request: same Via, Call-ID, From, To, Route and CSeq number (RFC 3261, 9.1). */
export function cancelOf(invite: SipRequest): SipRequest {
  return sameTransaction(invite, "CANCEL");
}

function sameTransaction(invite: SipRequest, method: string): SipRequest {
  const headers = new SipHeaders([["Via", invite.headers.all("Via")[0] ?? ""]]);
  for (const route of invite.headers.all("Route")) headers.add("Route", route);
  headers.add("Max-Forwards", "70");
  for (const name of ["From", "To", "Call-ID"]) headers.add(name, invite.headers.get(name) ?? "");
  headers.add("CSeq", `${parseCSeq(invite.headers.get("CSeq")).number} ${method}`);
  const style = invite.style === undefined ? {} : { style: invite.style };
  return { kind: "request", method, uri: invite.uri, headers, body: Buffer.alloc(0), ...style };
}

function withTag(to: string, tag: string | undefined): string {
  return tag === undefined || tagOf(to) !== undefined ? to : `${to};tag=${tag}`;
}

/** The tag of a From or To value. */
export function tagOf(value: string | undefined): string | undefined {
  return value === undefined ? undefined : parseNameAddr(value).params.get("tag");
}
