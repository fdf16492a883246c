import { createHash } from "node:crypto";
import { attempt, run } from "../process.js";

/** A tap device, and the network namespace that it is in. */
export interface Tap {
  name: string;
  netns?: string;
}

/** Interface names have at most 15 characters, so a host's is told by a digest. */
export function tapName(fleet: string, host: string): string {
  return `sp-${createHash("sha256").update(`${fleet}\0${host}`).digest("hex").slice(0, 10)}`;
}

function ip(tap: Tap, ...words: string[]): [string, ...string[]] {
  return tap.netns === undefined ? ["ip", ...words] : ["ip", "-n", tap.netns, ...words];
}

/** Makes the device and plugs it into the bridge, unless it is there. */
export async function ensureTap(tap: Tap, bridge: string): Promise<void> {
  if ((await attempt({ argv: ip(tap, "link", "show", "dev", tap.name) })).exitCode === 0) return;
  await run({
    argv: ip(tap, "tuntap", "add", "dev", tap.name, "mode", "tap"),
    hint: "making network devices needs root",
  });
  await run({
    argv: ip(tap, "link", "set", "dev", tap.name, "master", bridge, "up"),
    hint: `is ${bridge} a bridge${tap.netns === undefined ? "" : ` in the namespace ${tap.netns}`}?`,
  });
}

export async function removeTap(tap: Tap): Promise<void> {
  await attempt({ argv: ip(tap, "link", "delete", "dev", tap.name) });
}
