import { partOfType } from "../multipart.js";
import { parseSdp, type Sdp } from "../sdp.js";
import { METADATA_TYPE, SDP_TYPE } from "../siprec.js";
import type { Flow } from "../sip/flow.js";
import type { SipRequest } from "../sip/message.js";
import { sdpBody, streamAddresses } from "./answer.js";
import type { RecorderOptions, SeenInvite } from "./protocol.js";

export const ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO";

/** The session description in a request, alone or as part of a multipart body. */
export function offerIn(request: SipRequest): Sdp | undefined {
  const text = partOfType(request.headers.get("Content-Type"), request.body, SDP_TYPE);
  return text === undefined ? undefined : parseSdp(text);
}

/** The data of a received INVITE that tests use. */
export function seen(request: SipRequest, flow: Flow): SeenInvite {
  const { headers, body } = request;
  const contentType = headers.get("Content-Type") ?? "";
  const offer = offerIn(request);
  return {
    callId: headers.get("Call-ID") ?? "",
    source: { transport: flow.transport, ...flow.remote },
    requestUri: request.uri,
    via: headers.all("Via"),
    recordRoute: headers.all("Record-Route"),
    contact: headers.all("Contact"),
    userAgent: headers.get("User-Agent") ?? "",
    contentType,
    metadata: partOfType(contentType, body, METADATA_TYPE) !== undefined,
    offer: offer ? streamAddresses(offer) : [],
  };
}

/** Contact, Server and, with a session description, the body of the recorder's messages (RFC 7866, 6.2). */
export function contents(
  { name, advertise }: RecorderOptions,
  flow: Flow,
  sdp: Sdp | undefined,
  form: "sdp" | "multipart",
): { headers: [string, string][]; body: Buffer } {
  const { port } = flow.local;
  const address = advertise ?? flow.local.address;
  const transport = flow.transport === "udp" ? "" : `;transport=${flow.transport}`;
  const headers: [string, string][] = [
    ["Contact", `<sip:${name}@${address}:${port}${transport}>;+sip.srs`],
    ["Server", name],
    ["Allow", ALLOW],
    ["Supported", "siprec"],
  ];
  if (!sdp) return { headers, body: Buffer.alloc(0) };
  const { contentType, body } = sdpBody(sdp, form);
  return { headers: [...headers, ["Content-Type", contentType]], body };
}
