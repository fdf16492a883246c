import { createHash } from "node:crypto";

/** SHA-256 (hex) of a plain value; the order of an object's keys does not matter, the order of an array does. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * The name of a cache entry's folder: `<label>-<recipe>-<archive>`. The recipe is a hash of the request, the archive a hash of the
 * mirror's state. If the mirror is not reachable, any entry of the same recipe is used.
 */
export interface EntryName {
  label: string;
  recipe: string;
  archive: string;
}

export function entryName(label: string, recipe: unknown, archive: unknown): EntryName {
  return { label, recipe: digestOf(recipe).slice(0, 12), archive: digestOf(archive).slice(0, 12) };
}

export function entryFolder(name: EntryName): string {
  return `${name.label}-${name.recipe}-${name.archive}`;
}

/** Folders of the same recipe, with any state of the archive. */
export function sameRecipe(folders: readonly string[], name: EntryName): string[] {
  return folders.filter((folder) => folder.startsWith(`${name.label}-${name.recipe}-`));
}

/** A UUID made from a digest (version 8: "custom"), so that the same input gives the same filesystem. */
export function uuidOf(digest: string): string {
  const hex = `${digest.slice(0, 12)}8${digest.slice(13, 16)}8${digest.slice(17, 32)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
