import type { Codec } from "../sdp.js";
import { PCMA } from "../sdp.js";

/** The fixed RTP header (RFC 3550, 5.1), without CSRCs and extension. */
export const HEADER_BYTES = 12;
/** 20 ms of G.711. */
export const PAYLOAD_BYTES = 160;
/** Samples per second of G.711, the unit of RTP timestamps. */
export const CLOCK = 8000;

/** The fields of a packet that a receiver needs. */
export interface RtpFields {
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
}

/** A packet with 20 ms of a tone that is sent repeatedly; `advance` updates its header. */
export function tonePacket(codec: Codec, hertz: number, ssrc: number): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  packet[0] = 0x80; // version 2
  packet[1] = codec.payloadType;
  packet.writeUInt32BE(ssrc >>> 0, 8);
  for (let i = 0; i < PAYLOAD_BYTES; i++) {
    const sample = Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / CLOCK));
    packet[HEADER_BYTES + i] = codec.payloadType === PCMA.payloadType ? toALaw(sample) : toMuLaw(sample);
  }
  return packet;
}

/** Sets sequence number and timestamp, both modulo their width. */
export function stamp(packet: Buffer, sequence: number, timestamp: number): void {
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(timestamp >>> 0, 4);
}

/** Reads an RTP packet; undefined for other data, including RTCP (types 192 to 223 with the marker bit). */
export function readRtp(bytes: Buffer): RtpFields | undefined {
  const second = bytes[1];
  if (bytes.length < HEADER_BYTES || second === undefined || (bytes[0] ?? 0) >> 6 !== 2) return undefined;
  if (second >= 192 && second <= 223) return undefined;
  return {
    payloadType: second & 0x7f,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
  };
}

/** A 16-bit sample in mu-law (ITU-T G.711). */
function toMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

/** A 16-bit sample in A-law (ITU-T G.711). */
function toALaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(Math.abs(sample), 32_635) >> 3;
  const exponent = magnitude < 32 ? 0 : Math.floor(Math.log2(magnitude)) - 4;
  const mantissa = (magnitude >> Math.max(exponent, 1)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}
