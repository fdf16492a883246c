import { createCipheriv, createHmac } from "node:crypto";

/** Length of the AES_CM_128_HMAC_SHA1_80 tag, in bytes. */
const TAG = 10;
const HEADER = 12;

/** SRTP (RFC 3711) for a stream whose sequence numbers do not wrap, with the key of an `a=crypto` line (RFC 4568). */
export class Srtp {
  readonly #cipher: Buffer;
  readonly #salt: Buffer;
  readonly #auth: Buffer;

  /** `inline`: 16 bytes of master key and 14 of salt, in base64. */
  constructor(inline: string) {
    const both = Buffer.from(inline, "base64");
    const [key, salt] = [both.subarray(0, 16), both.subarray(16, 30)];
    // 4.3.1, 4.3.3: the label is in the eighth byte of the salt
    const derive = (label: number, bytes: number) => {
      const iv = Buffer.concat([salt, Buffer.alloc(2)]);
      iv[7] = (iv[7] ?? 0) ^ label;
      return counterMode(key, iv, Buffer.alloc(bytes));
    };
    this.#cipher = derive(0, 16);
    this.#auth = derive(1, 20);
    this.#salt = derive(2, 14);
  }

  protect(packet: Buffer): Buffer {
    const body = Buffer.concat([packet.subarray(0, HEADER), this.#crypt(packet)]);
    return Buffer.concat([body, this.#tag(body)]);
  }

  /** The decrypted packet, or undefined if the tag does not match this key. */
  unprotect(packet: Buffer): Buffer | undefined {
    const body = packet.subarray(0, -TAG);
    if (!this.#tag(body).equals(packet.subarray(-TAG))) return undefined;
    return Buffer.concat([body.subarray(0, HEADER), this.#crypt(body)]);
  }

  #crypt(packet: Buffer): Buffer {
    const iv = Buffer.concat([this.#salt, Buffer.alloc(2)]);
    // 4.1.1: SSRC from the fifth byte on, the packet index (no roll-over) from the ninth
    for (let at = 0; at < 4; at++) iv[4 + at] = (iv[4 + at] ?? 0) ^ (packet[8 + at] ?? 0);
    for (let at = 0; at < 2; at++) iv[12 + at] = (iv[12 + at] ?? 0) ^ (packet[2 + at] ?? 0);
    return counterMode(this.#cipher, iv, packet.subarray(HEADER));
  }

  #tag(body: Buffer): Buffer {
    return createHmac("sha1", this.#auth).update(body).update(Buffer.alloc(4)).digest().subarray(0, TAG);
  }
}

function counterMode(key: Buffer, iv: Buffer, bytes: Buffer): Buffer {
  return createCipheriv("aes-128-ctr", key, iv).update(bytes);
}
