import { ARCHIVE_KEYRING } from "../local/base-spec.js";
import type { Artefact } from "../artefact.js";
import type { ImageLock } from "./lock.js";

/** Addresses that replace others. */
export type Mirrors = ReadonlyMap<string, string>;

/**
 * The addresses of Debian's archives on a mirror of snapshots, at the time when an image was made: `SNAPSHOT/debian/20260131T120000Z`,
 * as on snapshot.debian.org. Other archives keep their addresses.
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

/** apt preferences (apt_preferences(5)) that prefer these versions to all others, even if they are older. */
export function lockedPreferences({ packages }: ImageLock): string {
  return Object.entries(packages)
    .map(([name, { version }]) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`)
    .join("\n");
}

/** The folder with input of a locked bake's scripts, in the build folder. */
export const lockedFolder = "sources/locked";

export function lockedFiles(lock: ImageLock, mirrors: Mirrors): Artefact[] {
  const lines = [...mirrors].map(([from, to]) => `${from} ${to}\n`);
  return [
    { path: `${lockedFolder}/preferences`, content: lockedPreferences(lock) },
    { path: `${lockedFolder}/mirrors`, content: lines.join("") },
  ];
}

/** The archives of a lock file as apt sources in deb822 format, with their keys, whose path is in `folder`. */
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
      // in a flat archive, the suite is a path that ends with a slash, and there are no components
      ...(suite.endsWith("/") ? [] : [`Components: ${components.join(" ")}`]),
      `Signed-By: ${key === undefined ? ARCHIVE_KEYRING : `${folder}/${file}`}`,
      // the release files of snapshots have expired
      ...(mirrors.has(uri) ? ["Check-Valid-Until: no"] : []),
      "",
    ].join("\n");
  });
  return { sources: stanzas.join("\n"), keys };
}
