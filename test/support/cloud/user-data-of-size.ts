import { renderHost } from "../../../src/commands/render-host.js";
import { understand } from "../../../src/understand/understand.js";

const recorders = 200;

/**
 * Recorders for a fleet file with which the user-data of this host or group has exactly this number of bytes. Their attributes are
 * words that do not compress; the last ones are shortened to reach the size.
 */
export function recordersForSize(
  fleetFile: (recorders: object) => string,
  name: string,
  bytes: number,
): Record<string, object> {
  // the size does not grow by one byte for each character: another text may have the size that this one skips
  for (let seed = 1; seed <= 20; seed++) {
    const text = noise(seed);
    const sizeOf = (length: number) => userDataBytes(fleetFile(recordersWith(text, length)), name);
    const middle = lastThatFits(sizeOf, bytes);
    for (let length = middle - 20; length < middle + 20; length++)
      if (sizeOf(length) === bytes) return recordersWith(text, length);
  }
  throw new Error(`no fleet file whose user-data has ${bytes} bytes`);
}

/** Approximately the longest text that fits. */
function lastThatFits(sizeOf: (length: number) => number, bytes: number): number {
  let [fits, over] = [0, recorders * 100];
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (sizeOf(middle) <= bytes) fits = middle;
    else over = middle;
  }
  return fits;
}

function recordersWith(text: string, length: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: recorders }, (_, index) => {
      const word = text.slice(index * 100, Math.min(length, (index + 1) * 100));
      const address = { private_ip_address: `10.1.${index}.7` };
      return [`recorder${index}`, word === "" ? address : { ...address, siprec_attrs: `site=${word}` }];
    }),
  );
}

/** Letters and digits by a linear congruential generator (Numerical Recipes, 7.1), the same every time for a seed. */
function noise(seed: number): string {
  let state = seed;
  return Array.from({ length: recorders * 100 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 24).toString(36).at(-1);
  }).join("");
}

function userDataBytes(text: string, name: string): number {
  const { fleet } = understand(text, "fleet.yaml");
  const host = fleet?.hosts.find((candidate) => candidate.name === name);
  if (!fleet || !host) throw new Error(`no fleet with ${name}`);
  const reveal = (secret: { source: { from: string; value?: string } }) => secret.source.value ?? "";
  return renderHost(fleet, host, reveal).bytes.length;
}
