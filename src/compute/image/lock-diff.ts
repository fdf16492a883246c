import { diffImages, type Change, type ComparedImage, type ImageDiff } from "./diff.js";
import { architectureOfLock, type ImageLock } from "./lock.js";

type Named = readonly [name: string, lock: ImageLock];

/** The differences between two lock files, each with a name for messages. */
export function diffLocks(from: Named, to: Named): ImageDiff {
  return { ...diffImages(compared(...from), compared(...to)), checksums: otherFiles(from[1], to[1]) };
}

/** Whether packages, their versions and their files are equal. */
export function samePackages({ packages, checksums }: ImageDiff): boolean {
  const { added = {}, removed = {}, changed = [] } = packages ?? {};
  return [Object.keys(added), Object.keys(removed), changed, checksums].every(({ length }) => length === 0);
}

export function isSame(diff: ImageDiff): boolean {
  return samePackages(diff) && diff.versions.length === 0 && diff.sizes.length === 0;
}

/** Packages with equal versions but different files. */
function otherFiles(from: ImageLock, to: ImageLock): Change[] {
  return Object.entries(to.packages).flatMap(([name, { version, sha256 }]) => {
    const before = from.packages[name];
    if (before?.version !== version || before.sha256 === undefined || sha256 === undefined) return [];
    return before.sha256 === sha256 ? [] : [{ name: `package ${name}`, from: before.sha256, to: sha256 }];
  });
}

function compared(name: string, lock: ImageLock): ComparedImage {
  const { base, sources, tools, packages } = lock;
  const pins = Object.entries(sources).map(([source, { pin }]) => [`source of ${source}`, pin] as const);
  const versions = Object.entries(packages).map(([of, { version }]) => [of, version] as const);
  return {
    name,
    versions: {
      base: `${base.name} (${base.id})`,
      architecture: architectureOfLock(lock),
      ...tools,
      ...Object.fromEntries(pins),
    },
    packages: Object.fromEntries(versions),
    checksums: {},
    sizes: {},
  };
}
