import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aptSources, ARCHIVE_KEYRING } from "../../compute/local/base-spec.js";
import { isolated } from "../../compute/local/isolation.js";
import { SEAL, SEAL_FILE, SOURCES_FILE } from "../../compute/local/mmdebstrap.js";
import { run, type Command } from "../process.js";
import type { ArchiveState } from "./archive.js";
import type { Talk } from "./talk.js";
import { requireTools, WITH_SBIN } from "./tools.js";

export const BOOTSTRAP_TOOLS = ["mmdebstrap", "tar", "unshare", "setpriv", ARCHIVE_KEYRING] as const;

/** Runs mmdebstrap in `folder`, and reports its steps. Fifteen minutes are enough for a slow mirror. */
export async function bootstrap(argv: Command["argv"], folder: string, state: ArchiveState, talk: Talk) {
  await requireTools(...BOOTSTRAP_TOOLS);
  await writeFile(join(folder, SOURCES_FILE), aptSources(state.suites));
  await writeFile(join(folder, SEAL_FILE), SEAL);
  const command = confined(argv, folder);
  await run({
    ...command,
    cwd: folder,
    env: { ...command.env, SOURCE_DATE_EPOCH: String(epochOf(state)) },
    timeout: 900_000,
    hint: "see the last lines of mmdebstrap; if a hash does not match, the mirror is being updated: try again",
    onLine: (line) => {
      const step = /^I: ([a-z].*\.\.\.)$/.exec(line)?.[1];
      if (step !== undefined && !step.startsWith("removing tempdir")) talk.info(`  ${step}`);
    },
  });
}

/**
 * As root, mmdebstrap mounts into its tree. It runs in a mount namespace, so that nothing stays mounted if it is killed, and in a folder
 * that the next build cleans up. For an ordinary user, mmdebstrap makes a user namespace; its ids may not be able to enter a home folder.
 */
function confined(argv: Command["argv"], folder: string): Pick<Command, "argv" | "env"> {
  if (process.getuid?.() !== 0) return { argv, env: WITH_SBIN };
  return { argv: [...isolated("--mount-proc"), ...argv], env: { ...WITH_SBIN, TMPDIR: folder } };
}

/** Seconds since 1970: the date of the newest suite. It replaces today's date everywhere in a tree. */
export function epochOf(state: ArchiveState): number {
  return Math.max(...state.releases.map((release) => release.epoch));
}
