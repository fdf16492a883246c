import { createHash } from "node:crypto";

/** Where a machine is plugged in. */
export interface Plug {
  bridge: string;
  /** The network namespace of the bridge, where that is not this machine's own. */
  netns?: string;
  /** What the device on the bridge is called: a VM's tap, or the outer end of a container's veth. */
  device: string;
}

/** The same, where the machine names the device itself unless one is given. */
export type PluggedIn = Omit<Plug, "device"> & { device?: string };

/** Interface names have at most 15 characters, so what is named is told by a digest. */
export function shortName(...words: readonly string[]): string {
  return `sp-${createHash("sha256").update(words.join("\0")).digest("hex").slice(0, 10)}`;
}

/** The start of an `ip` command where the bridge is. */
export function ipWhere(plug: Pick<Plug, "netns">, ...words: string[]): [string, ...string[]] {
  return plug.netns === undefined ? ["ip", ...words] : ["ip", "-n", plug.netns, ...words];
}

/** What to check when it fails. */
export function rootHint({ netns }: Pick<Plug, "netns">): string {
  const root = "creating network devices needs root";
  return netns === undefined ? root : `is there a network namespace ${netns}? And ${root}`;
}

export function bridgeHint({ bridge, netns }: Plug): string {
  return `is ${bridge} a bridge${netns === undefined ? "" : ` in the namespace ${netns}`}?`;
}
