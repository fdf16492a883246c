import type { Host } from "../understand/fleet.js";

/** A host to launch. */
export interface HostOrder {
  host: Host;
  /** As handed over: gzip. */
  userData: Buffer;
}

/** One host, or one instance of a group, as `list` shows it. */
export type ListedHost = Record<string, string | number | undefined> & { name: string; state: string };

/** What a roll over single hosts needs to know of them. */
export interface Rolling {
  /** Whether the host runs, with the image and the user-data that it would be launched with. */
  isCurrent(order: HostOrder): Promise<boolean>;
  /** Runs a roll while no other one of this fleet runs here; waits for the other's end, and says so. */
  alone<T>(roll: () => Promise<T>): Promise<T>;
  /** Makes ready what hosts are launched from. Throws UserError when one cannot be launched: no host has been touched then. */
  prepare(orders: readonly HostOrder[]): Promise<void>;
  /** What a launch that was cut off has not given a host that runs, in words. Nothing when absent: launches are not cut off there. */
  lacks?: (host: Host) => Promise<string | undefined>;
  /** Gives it that. */
  mend?: (host: Host) => Promise<void>;
  /** Keeps which image the hosts have, unless it is the one that they are to have: a roll that goes on keeps what it began with. */
  remember(): Promise<void>;
  /** The image that was kept last. */
  previous(): Promise<string | undefined>;
}

/** A fleet's hosts on a target. Every method can be called again: what is done already is not done twice. */
export interface Hosts {
  /** Where single hosts are rolled. */
  rolling?: Rolling;
  /** The calls that a dry run would have made so far, as data. */
  calls?: () => unknown;
  /** Makes and starts a host; starts it when it was stopped. Tells what it did. */
  launch(order: HostOrder): Promise<string>;
  /** The host's own words when it is ready. Throws UserError with the end of its console when it is not after `timeout` milliseconds. */
  waitUntilReady(host: Host, timeout: number): Promise<string>;
  list(): Promise<ListedHost[]>;
  /** Powers the host down. Tells what it did. `now`: with the calls that are up on it. */
  stop(host: Host, options: { now: boolean }): Promise<string>;
  /** Ends the host and removes what belongs to it alone. Tells what it did. */
  terminate(host: Host, options: { now: boolean; release: boolean }): Promise<string>;
}
