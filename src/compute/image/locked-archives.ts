import { ARCHIVE_KEYRING } from "../local/base-spec.js";
import type { Artefact } from "../artefact.js";
import type { ImageLock } from "./lock.js";

/** Addresses that are asked in the place of others. */
export type Mirrors = ReadonlyMap<string, string>;

/**
 * Where a mirror of snapshots has Debian's archives as they were when an image was made: `SNAPSHOT/debian/20260131T120000Z`, as
 * snapshot.debian.org has them. Other archives are asked where they are.
 */
export function snapshotMirrors(
  { archives, archivesFrom }: ImageLock,
  snapshot: string | undefined,
): Mirrors {
  if (snapshot === undefined) return new Map();
  const time = archivesFrom.replace(/\.\d+Z$/, "Z").replaceAll(/[-:]/g, "");
  const address = (uri: string) => {
    const [, archive] = /\/(debian|debian-security)$/.exec(uri) ?? [];
    return archive === undefined
      ? []
      : [[uri, `${snapshot.replace(/\/+$/, "")}/${archive}/${time}`] as const];
  };
  return new Map(Object.keys(archives).flatMap((name) => address(addressOf(name))));
}

function addressOf(archive: string): string {
  return archive.split(" ")[0] ?? "";
}

/** apt's preferences (apt_preferences(5)): these versions before all others, older ones too. */
export function lockedPreferences({ packages }: ImageLock): string {
  return Object.entries(packages)
    .map(([name, { version }]) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`)
    .join("\n");
}

/** What the scripts of a locked bake read, in the build folder. */
export const lockedFolder = "sources/locked";

export function lockedFiles(lock: ImageLock, mirrors: Mirrors): Artefact[] {
  const lines = [...mirrors].map(([from, to]) => `${from} ${to}\n`);
  return [
    { path: `${lockedFolder}/preferences`, content: lockedPreferences(lock) },
    { path: `${lockedFolder}/mirrors`, content: lines.join("") },
  ];
}

/** The archives of a lock file as apt's sources, in deb822's form, and their keys, which are looked for in `folder`. */
export function lockedSources(
  { archives }: ImageLock,
  mirrors: Mirrors,
  folder: string,
): { sources: string; keys: Artefact[] } {
  const keys: Artefact[] = [];
  const stanzas = Object.entries(archives).map(([name, { components, key }], number) => {
    const [uri = "", suite = ""] = name.split(" ");
    const content = Buffer.from(key ?? "", "base64");
    const file = content.toString("latin1").startsWith("-----BEGIN") ? `${number}.asc` : `${number}.gpg`;
    if (key !== undefined) keys.push({ path: file, content });
    return [
      "Types: deb",
      `URIs: ${mirrors.get(uri) ?? uri}`,
      `Suites: ${suite}`,
      // a flat archive's suite is a path that ends with a slash, and has no components
      ...(suite.endsWith("/") ? [] : [`Components: ${components.join(" ")}`]),
      `Signed-By: ${key === undefined ? ARCHIVE_KEYRING : `${folder}/${file}`}`,
      // snapshots are past their date
      ...(mirrors.has(uri) ? ["Check-Valid-Until: no"] : []),
      "",
    ].join("\n");
  });
  return { sources: stanzas.join("\n"), keys };
}
