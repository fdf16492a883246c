/** Seconds from 1900, where NTP time begins, to 1970. */
const NTP_EPOCH = 2_208_988_800;

export interface SenderState {
  ssrc: number;
  packets: number;
  /** Payload bytes sent. */
  octets: number;
  /** RTP timestamp of now. */
  timestamp: number;
}

/** A compound RTCP packet: sender report without report blocks, and CNAME (RFC 3550, 6.4.1 and 6.5.1). */
export function senderReport({ ssrc, packets, octets, timestamp }: SenderState, now = Date.now()): Buffer {
  const report = Buffer.alloc(28);
  report.writeUInt16BE(0x80c8, 0);
  report.writeUInt16BE(6, 2);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(Math.floor(now / 1000) + NTP_EPOCH, 8);
  report.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 0x100000000), 12);
  report.writeUInt32BE(timestamp >>> 0, 16);
  report.writeUInt32BE(packets >>> 0, 20);
  report.writeUInt32BE(octets >>> 0, 24);
  return Buffer.concat([report, sourceDescription(ssrc, "lab")]);
}

function sourceDescription(ssrc: number, name: string): Buffer {
  const item = Buffer.concat([Buffer.from([1, name.length]), Buffer.from(name), Buffer.from([0])]);
  const chunk = Buffer.alloc(8 + Math.ceil(item.length / 4) * 4);
  chunk.writeUInt16BE(0x81ca, 0);
  chunk.writeUInt16BE(chunk.length / 4 - 1, 2);
  chunk.writeUInt32BE(ssrc, 4);
  item.copy(chunk, 8);
  return chunk;
}
