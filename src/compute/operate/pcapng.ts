// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;
/** IP packets without a link-layer header (https://www.tcpdump.org/linktypes.html). */
const LINKTYPE_RAW = 101;
const IF_NAME = 2;
const IF_TSRESOL = 9;

/** Largest block of a packet, in bytes. */
const LONGEST = 1 << 18;

/** The header of a file with packets of several hosts. Each host is an interface; times are in ns. */
export function pcapngHeader(hosts: readonly string[]): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0); // its byte order
  body.writeUInt16LE(1, 4); // version 1.0
  body.writeBigInt64LE(-1n, 8); // of unknown length
  return Buffer.concat([block(SECTION_HEADER, body), ...hosts.map(interfaceBlock)]);
}

function interfaceBlock(name: string): Buffer {
  const link = Buffer.alloc(8);
  link.writeUInt16LE(LINKTYPE_RAW, 0);
  const options = [
    option(IF_NAME, Buffer.from(name)),
    option(IF_TSRESOL, Buffer.from([9])),
    option(0, Buffer.alloc(0)),
  ];
  return block(INTERFACE, Buffer.concat([link, ...options]));
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function block(type: number, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length + 12);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(type);
  return Buffer.concat([head, length, body, length]);
}

/** Reassembles blocks of packets from one host that arrive in pieces. */
export class PacketBlocks {
  #rest = Buffer.alloc(0);

  constructor(private readonly host: number) {}

  /** The blocks that are complete now, with the host's interface number. Throws RangeError for other data. */
  take(piece: Buffer): Buffer {
    const all = Buffer.concat([this.#rest, piece]);
    let end = 0;
    while (all.length - end >= 12) {
      const length = all.readUInt32LE(end + 4);
      if (all.readUInt32LE(end) !== PACKET || length % 4 !== 0 || length < 32 || length > LONGEST)
        throw new RangeError("the host sent data that is not a packet");
      if (all.length - end < length) break;
      all.writeUInt32LE(this.host, end + 8);
      end += length;
    }
    this.#rest = all.subarray(end);
    return all.subarray(0, end);
  }
}
