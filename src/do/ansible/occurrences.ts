import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Occurrence } from "../../compute/import/inventory.js";

/** Limits of the search: bytes of a file, and number of files. */
const largest = 1_000_000;
const mostFiles = 2000;

/** The places where variables are written, and files that are encrypted as a whole. */
export interface Written {
  occurrences: Map<string, Occurrence[]>;
  vaultFiles: boolean;
}

/** Searches the files of an inventory for the places of variables. It does not read values: Ansible does. */
export function findOccurrences(paths: readonly string[], base: string): Written {
  const written: Written = { occurrences: new Map(), vaultFiles: false };
  const files = [...new Set(paths.flatMap((path) => filesIn(path)))].slice(0, mostFiles);
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    if (text.startsWith("$ANSIBLE_VAULT;")) written.vaultFiles = true;
    else if (!text.includes("\0")) scan(text, relative(base, file) || file, written.occurrences);
  }
  return written;
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.isFile() && stat.size <= largest ? [path] : [];
  return readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

function scan(text: string, file: string, found: Map<string, Occurrence[]>): void {
  const [, named] = /(?:host|group)_vars\/([^/]+?)(?:\.ya?ml|\.json)?(?:\/|$)/.exec(file) ?? [];
  text.split("\n").forEach((line, index) => {
    if (/^\s*[#;]/.test(line)) return;
    for (const match of line.matchAll(/(?<![\w.'"\]])["']?([A-Za-z_]\w*)["']?\s*[=:](?!=)/g)) {
      const [all, name = ""] = match;
      const places = found.get(name) ?? [];
      const owner = named ?? /^\s*([^\s:=]+)/.exec(line)?.[1] ?? "";
      places.push({
        place: `${file}:${index + 1}`,
        owner,
        text: line.slice(match.index + all.length).trim(),
      });
      found.set(name, places);
    }
  });
}
