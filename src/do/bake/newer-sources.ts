import { pinnedSources, type PinnedSource, type SourceName } from "../../compute/image/pinned-sources.js";
import { laterCommit, laterRelease } from "../../compute/image/later-source.js";
import type { ImageLock } from "../../compute/image/lock.js";
import type { Image } from "../../understand/fleet.js";
import { attempt } from "../process.js";

/** Software built from source for which there is a newer version. */
export interface OutdatedSource {
  name: string;
  /** Commit, or tag. */
  built: string;
  newest: string;
}

export interface NewerSources {
  outdated: OutdatedSource[];
  /** Reasons why other sources could not be checked. */
  notes: string[];
}

/**
 * Queries the git repositories of software built from source for the current commit of a branch or tag; if the fleet file names the commit
 * of a release, for later releases.
 */
export async function newerSources(image: Image, lock: ImageLock): Promise<NewerSources> {
  const found: NewerSources = { outdated: [], notes: [] };
  for (const [name, source] of Object.entries(pinnedSources(image))) {
    if (!("git" in source))
      found.notes.push(`${name} is built from a copy of its source; newer versions are not checked`);
    else await ask(name as SourceName, source, lock, found);
  }
  return found;
}

async function ask(
  name: SourceName,
  source: Extract<PinnedSource, { git: string }>,
  lock: ImageLock,
  found: NewerSources,
): Promise<void> {
  const refs = await remoteRefs(source.git);
  if (typeof refs === "string") {
    found.notes.push(`${name}: ${source.git} does not answer: ${refs}`);
    return;
  }
  const pin = lock.sources[name]?.pin ?? "";
  const newest = "ref" in source ? laterCommit(refs, source.ref, pin) : laterRelease(refs, pin);
  if (newest !== undefined) found.outdated.push({ name, ...newest });
}

/** The commits of all refs, or the reason why there is no answer. */
async function remoteRefs(repository: string): Promise<Map<string, string> | string> {
  const { exitCode, stdout, stderr } = await attempt({
    argv: ["git", "ls-remote", "--", repository],
    env: { GIT_TERMINAL_PROMPT: "0" },
    timeout: 60_000,
  });
  if (exitCode !== 0) return stderr.trim().split("\n").at(-1) ?? "";
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [commit, ref] = line.split("\t");
      return commit === undefined || ref === undefined ? [] : [[ref, commit] as const];
    }),
  );
}
