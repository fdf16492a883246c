import { writeMultipart } from "../multipart.js";
import { PCMA, PCMU, writeSdp, type Direction, type Sdp, type SdpStream } from "../sdp.js";
import { SDP_TYPE } from "../siprec.js";
import type { StreamAddress } from "./protocol.js";

/** The recorder's answer: one codec for each offered stream, recvonly (RFC 7866, 8.1). */
export function answerSdp(offer: Sdp, address: string, ports: number[], version: number): Sdp {
  const streams = offer.streams.map((stream, i): SdpStream => {
    const codec = stream.codecs.find(({ payloadType }) =>
      [PCMU, PCMA].some((known) => known.payloadType === payloadType),
    );
    const refused = stream.port === 0 || codec === undefined;
    return {
      address,
      port: refused ? 0 : (ports[i] ?? 0),
      direction: stream.direction === "inactive" ? "inactive" : "recvonly",
      ...(stream.label === undefined ? {} : { label: stream.label }),
      codecs: [codec ?? PCMU],
    };
  });
  return { address, sessionId: offer.sessionId, version, streams };
}

/** The streams that a recorder assumes if an INVITE has no offer: the two streams of a call. */
export const twoStreams: Sdp = {
  address: "0.0.0.0",
  sessionId: 1,
  version: 1,
  streams: ["1", "2"].map((label) => ({
    address: "0.0.0.0",
    port: 9,
    direction: "sendonly",
    label,
    codecs: [PCMU, PCMA],
  })),
};

/** The recorder's own offer in a re-INVITE: the same streams, paused or not. */
export function reoffer(current: Sdp, hold: boolean): Sdp {
  const direction: Direction = hold ? "inactive" : "recvonly";
  const streams = current.streams.map((stream) => ({ ...stream, direction }));
  return { ...current, version: current.version + 1, streams };
}

/** Content-Type and bytes of an SDP body, alone or as the only part of a multipart body. */
export function sdpBody(sdp: Sdp, form: "sdp" | "multipart"): { contentType: string; body: Buffer } {
  const text = writeSdp(sdp);
  if (form === "sdp") return { contentType: SDP_TYPE, body: Buffer.from(text) };
  const boundary = "lab-answer";
  const body = writeMultipart({ boundary, parts: [{ headers: [["Content-Type", SDP_TYPE]], body: text }] });
  return { contentType: `multipart/mixed;boundary=${boundary}`, body: Buffer.from(body) };
}

export function streamAddresses(sdp: Sdp): StreamAddress[] {
  return sdp.streams.map(({ label, address, port, direction }, i) => ({
    label: label ?? String(i + 1),
    address,
    port,
    direction,
  }));
}
