import { createHash } from "node:crypto";

/** The network connection of a machine. */
export interface Plug {
  bridge: string;
  /** The network namespace of the bridge; undefined: this machine's own. */
  netns?: string;
  /** Name of the device on the bridge: a VM's tap, or the outer end of a container's veth. */
  device: string;
}

/** The same with an optional device; by default its name is made from the machine's. */
export type PluggedIn = Omit<Plug, "device"> & { device?: string };

/** A name for an interface, made from a digest: Linux allows at most 15 characters. */
export function shortName(...words: readonly string[]): string {
  return `sp-${createHash("sha256").update(words.join("\0")).digest("hex").slice(0, 10)}`;
}

/** The beginning of an `ip` command in the bridge's network namespace. */
export function ipWhere(plug: Pick<Plug, "netns">, ...words: string[]): [string, ...string[]] {
  return plug.netns === undefined ? ["ip", ...words] : ["ip", "-n", plug.netns, ...words];
}

/** A hint for a failed command. */
export function rootHint({ netns }: Pick<Plug, "netns">): string {
  const root = "creating network devices needs root";
  return netns === undefined ? root : `is there a network namespace ${netns}? And ${root}`;
}

export function bridgeHint({ bridge, netns }: Plug): string {
  return `is ${bridge} a bridge${netns === undefined ? "" : ` in the namespace ${netns}`}?`;
}
