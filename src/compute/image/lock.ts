import { z } from "zod";
import { isSourceName } from "./pinned-sources.js";
import type { ImageLockFacts } from "./listed-packages.js";

/** Text on one line: it is written to files of apt, where lines have a meaning. */
const line = z.string().regex(/^\P{Cc}*$/u);
const word = z.string().regex(/^[^\s\p{Cc}]+$/u);
const archiveName = z.string().regex(/^[a-z][a-z+]*:[^\s\p{Cc}]+ [^\s\p{Cc}]+$/u);

/** The content of a lock file: everything that an image was made from, so that it can be made again. It has no time of the bake. */
const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  /** The base, with its key in the cache or its AMI id. */
  base: z.strictObject({ name: line, id: z.string().regex(/^[A-Za-z0-9][\w.-]*$/) }),
  /** Date of the newest archive (ISO 8601): the snapshot to request from a mirror of snapshots. */
  archivesFrom: z.iso.datetime(),
  /** Archives by address and suite. The key is OpenPGP in base64; absent for Debian's key. */
  archives: z.record(archiveName, z.strictObject({ components: z.array(word), key: z.base64().optional() })),
  /** For each source that was built: its commit (git:…) or checksum (sha256:…), and the checksum of its archive. */
  sources: z.record(
    z.string().refine((name): boolean => isSourceName(name)),
    z.strictObject({ pin: word, sha256: word }),
  ),
  /** Versions of build tools. */
  tools: z.record(line, line),
  packages: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
    z.strictObject({
      version: word,
      architecture: word,
      /** Debian's source package. */
      source: word,
      /** Checksum of the .deb file; absent if no archive has this version any more. */
      sha256: word.optional(),
      /** Address and suite, as in `archives`. */
      archive: archiveName.optional(),
      /** Path of the .deb file below the archive's address. */
      file: word.optional(),
    }),
  ),
});

export type ImageLock = z.infer<typeof lockSchema>;
export type LockedPackage = ImageLock["packages"][string];

/** The parts of a lock file besides the packages. */
export type LockedParts = Pick<ImageLock, "base" | "sources" | "tools">;

export function imageLock(parts: LockedParts, facts: ImageLockFacts): ImageLock {
  const { archivesFrom, archives, packages, tools } = facts;
  return {
    lockVersion: 1,
    base: parts.base,
    archivesFrom,
    archives: sorted(archives),
    sources: sorted(parts.sources),
    tools: sorted({ ...parts.tools, ...tools }),
    packages: sorted(packages),
  };
}

/** Debian's name of an image's architecture: that of its package dpkg. */
export function architectureOfLock({ packages }: ImageLock): string {
  const others = Object.values(packages).filter(({ architecture }) => architecture !== "all");
  return (packages["dpkg"] ?? others[0])?.architecture ?? "amd64";
}

/** The text of a lock file. It is deterministic, sorted, and has one line for each fact, so that two texts can be compared. */
export function lockText(lock: ImageLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** Reads a lock file; undefined if it is not one of this version. */
export function readLock(text: string): ImageLock | undefined {
  try {
    return lockSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
