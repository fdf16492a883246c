import type { Finished } from "../do/process.js";
import type { Host } from "../understand/fleet.js";

/** A host, or an instance of a group, on which scripts can be run. */
export interface Reached {
  /** Its name in messages: the host's name, or the id of a group's instance. */
  name: string;
  host: Host;
  /** An argv that runs a script from its standard input with bash, as root, with streamed output; or why this is not possible. */
  stream: () => Promise<readonly [string, ...string[]] | { why: string }>;
  /** The service that stores scripts and their answers, if any: scripts must not contain secrets then. */
  keptBy?: string;
  /** Milliseconds between two queries, if queries are expensive. */
  pause?: number;
  /** Whether it runs, from the target; absent if only the host itself can tell. */
  runs?: () => Promise<boolean>;
  /**
   * Runs a script with bash, as root; `timeout` in ms. Values are part of the script, so that they are no arguments of programs on this
   * machine. Throws UserError if the host is not reachable.
   */
  run(script: string, timeout: number): Promise<Finished>;
}

/** A host that is not reachable, and why. */
export interface Unreached {
  name: string;
  host: Host;
  why: string;
}
