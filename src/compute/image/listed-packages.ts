import type { ImageLock, LockedPackage } from "./lock.js";

/** The builder's data for the lock file. */
export type ImageLockFacts = Pick<ImageLock, "archivesFrom" | "archives" | "packages" | "tools">;

/** Reads the output of list-packages.sh, which describes the lines. Throws Error for anything else. */
export function readListedPackages(text: string): ImageLockFacts {
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...words]) => words);
  const packages = Object.fromEntries(of("package").map(listedPackage));
  if (Object.keys(packages).length === 0) throw new Error("the builder returned an empty list of packages");
  const tools = of("tool").map(([made, name, version]) => [`${made ?? ""}: ${name ?? ""}`, version ?? ""]);
  return {
    archivesFrom: newest(of("date")),
    archives: listedArchives(of("archive")),
    packages,
    tools: Object.fromEntries(tools) as Record<string, string>,
  };
}

function listedPackage(words: string[]): [string, LockedPackage] {
  const [name = "", version = "", architecture = "", source = "", sha256, uri, suite, file] = words;
  const from =
    sha256 === undefined || uri === undefined || suite === undefined || file === undefined
      ? {}
      : { sha256, archive: archiveName(uri, suite), file };
  return [name, { version, architecture, source, ...from }];
}

function listedArchives(lines: string[][]): ImageLock["archives"] {
  const archives: ImageLock["archives"] = {};
  for (const [uri = "", suite = "", component = "", key = ""] of lines) {
    const archive = (archives[archiveName(uri, suite)] ??= { components: [], ...(key && { key }) });
    if (!archive.components.includes(component)) archive.components.push(component);
  }
  return archives;
}

/** The name of an archive: its address without a final slash, and its suite. Neither contains blanks. */
function archiveName(uri: string, suite: string): string {
  return `${uri.replace(/\/+$/, "")} ${suite}`;
}

function newest(dates: string[][]): string {
  const times = dates.map(([date]) => Date.parse(date ?? "")).filter((time) => !Number.isNaN(time));
  return new Date(Math.max(0, ...times)).toISOString();
}
