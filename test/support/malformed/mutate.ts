/** Numbers from a seed (mulberry32): the same seed gives the same messages. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Change = (bytes: Buffer, at: number, random: (below: number) => number) => Buffer;

const changes: Change[] = [
  // one bit, one byte
  (bytes, at, random) => replaced(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ (1 << random(8))]), 1),
  (bytes, at, random) => replaced(bytes, at, Buffer.from([random(256)]), 1),
  // a part is removed, repeated or truncated
  (bytes, at, random) => replaced(bytes, at, Buffer.alloc(0), random(40)),
  (bytes, at, random) => replaced(bytes, at, bytes.subarray(at, at + random(200)), 0),
  (bytes, at) => bytes.subarray(0, at),
  // values that often cause errors in parsers
  (bytes, at, random) => replaced(bytes, at, Buffer.from(awkward[random(awkward.length)] ?? ""), random(4)),
];

const awkward = [
  "\r\n\r\n",
  "\n",
  "\0",
  '"',
  "<",
  ">",
  ";;",
  "%00",
  ":",
  "-1",
  "4294967296",
  "99999999999999999999",
  "\r\n ",
  "[::1]",
  ",",
  "=",
  "\xff\xfe",
  "a".repeat(300),
];

const replaced = (bytes: Buffer, at: number, by: Buffer, instead: number) =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + instead)]);

/** A message with one to four changes. */
export function mutated(message: Buffer, random: (below: number) => number): Buffer {
  let bytes = message;
  for (let left = 1 + random(4); left > 0 && bytes.length > 0; left--) {
    bytes = changes[random(changes.length)]?.(bytes, random(bytes.length), random) ?? bytes;
  }
  return bytes.subarray(0, 60_000);
}
