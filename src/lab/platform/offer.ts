import type { Metadata } from "../metadata.js";
import { PCMA, PCMU, type Direction, type Sdp } from "../sdp.js";
import { siprecBody, type Body } from "../siprec.js";
import type { SiprecVariant } from "../siprec-variants.js";
import { newCallId, newTag } from "../sip/identifiers.js";
import { SipHeaders } from "../sip/headers.js";
import type { SipRequest } from "../sip/message.js";
import type { Address } from "../sip/flow.js";
import type { Hop, Transport } from "../sip/uri.js";
import type { CallIdentity } from "./protocol.js";

/** Data that is the same in all messages of a call. */
export interface Session {
  metadata: Metadata;
  variant: SiprecVariant;
  /** The address of the SDP and the ports of its two streams. */
  media: { address: string; ports: number[] };
  sessionId: number;
}

/** The streams of this side's offer: sendonly (RFC 7866, 7.1.1). */
export function offerSdp(session: Session, version: number, direction: Direction): Sdp {
  const { address, ports } = session.media;
  return {
    address,
    sessionId: session.sessionId,
    version,
    streams: ports.map((port, i) => ({
      address,
      port,
      direction,
      label: String(i + 1),
      codecs: [PCMU, PCMA],
    })),
  };
}

export function offerBody(session: Session, version: number, direction: Direction): Body {
  return siprecBody(offerSdp(session, version, direction), session.metadata, session.variant);
}

/** The URI by which in-dialog requests reach the platform. */
export function contactOf(local: Address, transport: Transport): string {
  const param = transport === "udp" ? "" : `;transport=${transport}`;
  return `<sip:platform@${local.address}:${local.port}${param}>;+sip.src`;
}

export function contentType(body: Body | undefined): [string, string][] {
  return body ? [["Content-Type", body.contentType]] : [];
}

/** The headers of all INVITEs of a call (RFC 7866, 6.1). */
export function siprecHeaders(contact: string, body: Body | undefined): [string, string][] {
  return [
    ["Contact", contact],
    ["User-Agent", "lab-platform"],
    ["Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"],
    ["Accept", "application/sdp, application/rs-metadata"],
    ["Supported", "timer"],
    ["Require", "siprec"],
    ...contentType(body),
  ];
}

export function newIdentity(address: string): CallIdentity {
  return { callId: newCallId(address), fromTag: newTag() };
}

/** The first INVITE of a call. `sequence` grows with each target that is tried. */
export function inviteRequest(
  identity: CallIdentity,
  target: Hop,
  local: Address,
  sequence: number,
  body: Body | undefined,
  extra: [string, string][],
): SipRequest {
  const transport = target.transport === "udp" ? "" : `;transport=${target.transport}`;
  const uri = `sip:recorder@${target.address}:${target.port}${transport}`;
  const headers = new SipHeaders([
    ["Max-Forwards", "70"],
    ["From", `"Voice platform" <sip:platform@${local.address}>;tag=${identity.fromTag}`],
    ["To", `<sip:recorder@${target.address}>`],
    ["Call-ID", identity.callId],
    ["CSeq", `${sequence} INVITE`],
    ...siprecHeaders(contactOf(local, target.transport), body),
    ...extra,
  ]);
  const { body: bytes = Buffer.alloc(0), style } = body ?? {};
  return { kind: "request", method: "INVITE", uri, headers, body: bytes, ...(style && { style }) };
}
