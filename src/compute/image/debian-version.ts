/**
 * Compares two versions of Debian packages (deb-version(7)): negative, 0 or positive. Letters sort before other characters, and `~` before
 * everything, even the end.
 */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  return a.epoch - b.epoch || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision);
}

function parts(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = "0", upstream = "", revision = ""] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch: Number(epoch), upstream, revision };
}

/** Compares text and number in turn, until both are used up. */
function compareParts(one: string, other: string): number {
  const [a, b] = [runs(one), runs(other)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 2) {
    const order =
      compareTexts(a[index] ?? "", b[index] ?? "") || compareNumbers(a[index + 1] ?? "", b[index + 1] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function runs(text: string): string[] {
  return [...text.matchAll(/(\D*)(\d*)/g)].flatMap(([, words = "", digits = ""]) => [words, digits]);
}

function compareTexts(one: string, other: string): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const order = rank(one[index]) - rank(other[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function rank(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

/** Compares numbers of any length. */
function compareNumbers(one: string, other: string): number {
  const [a, b] = [BigInt(one || "0"), BigInt(other || "0")];
  return a < b ? -1 : a > b ? 1 : 0;
}
