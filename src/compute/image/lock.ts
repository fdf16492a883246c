import { z } from "zod";
import { isSourceName } from "./pinned-sources.js";
import type { ImageLockFacts } from "./listed-packages.js";

/** It goes into files of apt, where a line has a meaning. */
const line = z.string().regex(/^\P{Cc}*$/u);
const word = z.string().regex(/^[^\s\p{Cc}]+$/u);
const archiveName = z.string().regex(/^[a-z][a-z+]*:[^\s\p{Cc}]+ [^\s\p{Cc}]+$/u);

/** What an image was made of, so exactly that it can be made again: the text of a lock file. It holds no time of the bake. */
const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  /** The base, and the key of the cache or the AMI id that it had. */
  base: z.strictObject({ name: line, id: z.string().regex(/^[A-Za-z0-9][\w.-]*$/) }),
  /** When the newest of the archives was made (ISO 8601): what a mirror of snapshots is asked for. */
  archivesFrom: z.iso.datetime(),
  /** By address and suite. The key is OpenPGP, in base64; Debian's own is not repeated. */
  archives: z.record(archiveName, z.strictObject({ components: z.array(word), key: z.base64().optional() })),
  /** Of each source that was built: commit (git:…) or checksum (sha256:…), and the checksum of the archive that holds it. */
  sources: z.record(
    z.string().refine((name): boolean => isSourceName(name)),
    z.strictObject({ pin: word, sha256: word }),
  ),
  /** Version of what baked and built. */
  tools: z.record(line, line),
  packages: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
    z.strictObject({
      version: word,
      architecture: word,
      /** Debian's source package. */
      source: word,
      /** Of the .deb file; absent when no archive has this version any more. */
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

/** What is known of an image apart from its packages. */
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

/** Debian's name of the processors that an image is for: dpkg is built for them. */
export function architectureOfLock({ packages }: ImageLock): string {
  const others = Object.values(packages).filter(({ architecture }) => architecture !== "all");
  return (packages["dpkg"] ?? others[0])?.architecture ?? "amd64";
}

/** Same image, same text: a line for each fact, in order, so that a comparison of two texts can be read. */
export function lockText(lock: ImageLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** Undefined when it is no lock file of this version. */
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
