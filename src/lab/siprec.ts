import type { HeaderStyle } from "./sip/headers.js";
import { writeMetadata, type Metadata, type Participant } from "./metadata.js";
import { writeMultipart, type Part } from "./multipart.js";
import { writeSdp, type Sdp } from "./sdp.js";
import type { SiprecVariant } from "./siprec-variants.js";

/** A body with its Content-Type, and the style of the message's header names. */
export interface Body {
  contentType: string;
  body: Buffer;
  style: HeaderStyle;
}

export const SDP_TYPE = "application/sdp";
export const METADATA_TYPE = "application/rs-metadata+xml";

/** The body of a SIPREC INVITE: the streams offered and the recording's metadata (RFC 7866, 9.1). */
export function siprecBody(sdp: Sdp, metadata: Metadata, variant: SiprecVariant): Body {
  const lower = variant === "lower-case-headers";
  const offer = variant === "nortpproxy-attribute" ? { ...sdp, attributes: ["nortpproxy:yes"] } : sdp;
  const described = variant === "large-body" ? crowded(metadata) : metadata;
  const parts = arranged(
    part(SDP_TYPE, undefined, writeSdp(offer, lower ? "\n" : "\r\n"), lower),
    part(METADATA_TYPE, "recording-session", writeMetadata(described), lower),
    variant,
  );
  const boundary = variant === "boundary-specials" ? "lab=:part'(1)?" : "lab-part-1";
  const around =
    variant === "preamble-and-epilogue" ? { preamble: "A preamble.", epilogue: "An epilogue.\r\n" } : {};
  return {
    contentType: contentType(boundary, variant),
    body: Buffer.from(writeMultipart({ boundary, parts, ...around })),
    style: lower ? "lower-case" : variant === "compact-headers" ? "compact" : "usual",
  };
}

/** The two speakers in the recorded call, with the labels of their streams. */
export function speakers(call: number): Participant[] {
  return [
    { aor: `sip:caller${call}@platform.example`, name: `Caller ${call}`, label: "1" },
    { aor: "sip:agent@platform.example", name: "Agent", label: "2" },
  ];
}

function contentType(boundary: string, variant: SiprecVariant): string {
  switch (variant) {
    case "boundary-quoted":
    case "boundary-specials":
      return `multipart/mixed;boundary="${boundary}"`;
    case "boundary-second":
      return `multipart/mixed;charset=utf-8;boundary=${boundary}`;
    case "boundary-then-parameter":
      return `multipart/mixed;boundary=${boundary};charset=utf-8`;
    case "boundary-quoted-then-parameter":
      return `multipart/mixed;boundary="${boundary}";charset=utf-8`;
    case "boundary-between":
      return `multipart/mixed;charset=utf-8;boundary="${boundary}";version="1.0"`;
    case "content-type-spaced":
      return `Multipart/Mixed ; BOUNDARY=${boundary}`;
    case "content-type-folded":
      return `multipart/mixed;\r\n boundary=${boundary}`;
    default:
      return `multipart/mixed;boundary=${boundary}`;
  }
}

function part(type: string, disposition: string | undefined, body: string, lower: boolean): Part {
  const headers: [string, string][] = [["Content-Type", type]];
  if (disposition !== undefined) headers.push(["Content-Disposition", disposition]);
  return { headers: lower ? headers.map(([name, value]) => [name.toLowerCase(), value]) : headers, body };
}

function arranged(sdp: Part, metadata: Part, variant: SiprecVariant): Part[] {
  if (variant === "metadata-first") return [metadata, sdp];
  if (variant !== "extra-part") return [sdp, metadata];
  const note: Part = {
    headers: [
      ["Content-Type", "text/plain;charset=utf-8"],
      ["Content-Disposition", "render;handling=optional"],
    ],
    body: "A note of no consequence.\r\n",
  };
  return [sdp, note, metadata];
}

/** Adds listeners until the metadata is larger than 16 KiB. */
function crowded(metadata: Metadata): Metadata {
  const crowd = Array.from({ length: 64 }, (_, i) => ({
    id: Buffer.from(`listener-${i}`.padEnd(16)).toString("base64"),
    name: `Listener ${i}`,
    aor: `sip:listener${i}@platform.example`,
  }));
  return { ...metadata, participants: [...metadata.participants, ...crowd] };
}
