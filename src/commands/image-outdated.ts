import { join } from "node:path";
import { print, printJson, talk } from "../cli/talk.js";
import { table } from "../cli/table.js";
import { architectureIn } from "../compute/image/contents.js";
import { outdatedPackages, type OutdatedPackage } from "../compute/image/outdated.js";
import { askArchives } from "../do/bake/ask-archives.js";
import { storedManifests } from "../do/bake/image-store.js";
import { lockFileName, readLockFile, storedLock } from "../do/bake/lock-file.js";
import { knownFlaws } from "../do/bake/security-tracker.js";
import { newerSources } from "../do/bake/newer-sources.js";
import { hostPaths } from "../do/local/paths.js";
import { UserError } from "../errors.js";
import type { Fleet } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";

export interface OutdatedOptions {
  json?: boolean;
  /** Exit with 3 if something is outdated. */
  exitCode?: boolean;
  /** URL of Debian's security tracker, or `none`. */
  tracker: string;
}

/** `sip-proxy image outdated FLEET [LOCK]`: lists packages and sources of an image for which there are newer versions now. */
export async function imageOutdated(
  file: string,
  given: string | undefined,
  { json, exitCode, tracker }: OutdatedOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const lockFile = given ?? (await newestLock(fleet));
  const lock = await readLockFile(lockFile);
  const found = outdatedPackages(lock, await askArchives(lock, new Map(), hostPaths().cache));
  const { flaws, notes: unknown } = await knownFlaws(lock, found, tracker);
  const packages = found.map((one) => ({ ...one, flaws: flaws.get(one.name) ?? [] }));
  const { outdated: sources, notes: ofSources } = await newerSources(fleet.image, lock);
  const notes = [...unknown, ...ofSources];
  const security = packages.filter((one) => one.security).length;
  if (json) printJson({ lock: lockFile, security, packages, sources, notes });
  else {
    printTable(["package", "installed", "available", "from", "mends"], rows(packages));
    printTable(
      ["source", "built", "available"],
      sources.map(({ name, built, newest }) => [name, built, newest]),
    );
    for (const note of notes) talk.note(note);
    talk.say(
      `${packages.length} packages, ${security} of them by security updates, and ${sources.length} sources are outdated`,
    );
  }
  if (exitCode && packages.length + sources.length > 0) process.exitCode = 3;
}

function printTable(heads: readonly string[], lines: string[][]): void {
  if (lines.length > 0) print(table(heads, lines));
}

/** Security updates first. */
function rows(packages: readonly (OutdatedPackage & { flaws: string[] })[]): string[][] {
  const ordered = [...packages].sort((a, b) => Number(b.security) - Number(a.security));
  return ordered.map(({ name, installed, candidate, archives, security, flaws }) => [
    name,
    installed,
    candidate ?? "(no archive has it)",
    `${security ? "SECURITY " : ""}${archives.join(", ")}`,
    flaws.length > 3 ? `${flaws.slice(-2).join(", ")} and ${flaws.length - 2} more` : flaws.join(", "),
  ]);
}

/** The lock file of the newest image, local or AMI, that this machine has baked for the fleet's processor architecture. */
async function newestLock({ name, image }: Fleet): Promise<string> {
  for (const { folder, manifest } of await storedManifests(name))
    if (architectureIn(manifest.contents) === image.architecture && (await storedLock(folder)))
      return join(folder, lockFileName);
  throw new UserError(
    `this machine has no lock file of an image of the fleet ${name} for ${image.architecture}`,
    {
      hint: "bake an image, or name a lock file: sip-proxy image outdated FLEET LOCK",
    },
  );
}
