import { run, type Command, type Finished } from "../process.js";
import { requireTools, WITH_SBIN } from "./tools.js";

/** The tools for an ordinary user. */
export const AS_ROOT_TOOLS = ["unshare", "newuidmap"] as const;

/**
 * Runs a program as root. For an ordinary user it runs as root of a user namespace with the user's range of subordinate ids
 * (/etc/subuid), where it can create and delete files of any owner.
 */
export async function asRoot(argv: Command["argv"], more: Omit<Command, "argv"> = {}): Promise<Finished> {
  const env = { ...WITH_SBIN, ...more.env };
  if (process.getuid?.() === 0) return run({ ...more, argv, env });
  await requireTools(...AS_ROOT_TOOLS);
  const hint =
    more.hint ??
    "run it as root, or assign your user a range in /etc/subuid and /etc/subgid (usermod --add-subuids)";
  return run({ ...more, argv: ["unshare", "--map-root-user", "--map-auto", ...argv], env, hint });
}
