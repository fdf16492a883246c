import type { Host } from "../understand/fleet.js";

/** A host to launch. */
export interface HostOrder {
  host: Host;
  /** In the form that the host gets: gzip. */
  userData: Buffer;
}

/** A host, or an instance of a group, in the output of `list`. */
export type ListedHost = Record<string, string | number | undefined> & { name: string; state: string };

/** What a roll needs of single hosts on a target. */
export interface Rolling {
  /** Whether the host runs with the image and user-data that a launch would use now. */
  isCurrent(order: HostOrder): Promise<boolean>;
  /** Runs a roll under a lock of the fleet on this machine. Waits for another roll, with a message. */
  alone<T>(roll: () => Promise<T>): Promise<T>;
  /** Prepares the launches before any host is changed. Throws UserError if a host cannot be launched. */
  prepare(orders: readonly HostOrder[]): Promise<void>;
  /** What a running host is missing because its launch was interrupted, in words. Absent where this cannot happen. */
  lacks?: (host: Host) => Promise<string | undefined>;
  /** Completes such a host. */
  mend?: (host: Host) => Promise<void>;
  /** Records the hosts' current image, unless it is the wanted one already: so a continued roll keeps the image from before its start. */
  remember(): Promise<void>;
  /** The image that was recorded last. */
  previous(): Promise<string | undefined>;
}

/** A fleet's hosts on a target. All methods are idempotent. */
export interface Hosts {
  /** Absent if the target cannot roll single hosts. */
  rolling?: Rolling;
  /** Whether stop() and terminate() drain a host themselves. Where absent, the commands drain it first. */
  drains?: true;
  /** The calls that a dry run would have made so far, as data. */
  calls?: () => unknown;
  /** Creates and starts a host, or starts a stopped one. Returns what it did. */
  launch(order: HostOrder): Promise<string>;
  /** Waits until the host is ready, and returns its status line. Throws UserError with its last console lines after `timeout` milliseconds. */
  waitUntilReady(host: Host, timeout: number): Promise<string>;
  list(): Promise<ListedHost[]>;
  /** Powers the host down. Returns what it did. `now`: without waiting for its calls to end. */
  stop(host: Host, options: { now: boolean }): Promise<string>;
  /** Ends the host and removes resources that only it uses. Returns what it did. */
  terminate(host: Host, options: { now: boolean; release: boolean }): Promise<string>;
}
