import type { Finished } from "../do/process.js";
import type { Host } from "../understand/fleet.js";

/** A host on which programs can be run, or an instance of a group. */
export interface Reached {
  /** What it is told by: the host's name; of an instance of a group, its id. */
  name: string;
  host: Host;
  /** What runs, with bash and as root, a script that comes on its standard input, for output that is read as it comes; or why nothing does. */
  stream: () => Promise<readonly [string, ...string[]] | { why: string }>;
  /** Who keeps scripts and their answers, where somebody does: no script may hold a secret then. */
  keptBy?: string;
  /** Milliseconds between two looks at it, where one is dear. */
  pause?: number;
  /** Whether it runs, by what the target says of it; absent where nobody but the host can be asked. */
  runs?: () => Promise<boolean>;
  /**
   * Runs a script with bash, as root; `timeout` in ms. The script is the place for values; none of them is an argument of a program here.
   * Throws UserError when the host is not reached.
   */
  run(script: string, timeout: number): Promise<Finished>;
}

/** A host that cannot be reached at all, and why. */
export interface Unreached {
  name: string;
  host: Host;
  why: string;
}
