import { createHash } from "node:crypto";
import { attempt, run } from "../../../do/process.js";

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

/** Makes the device, unless it is there, and plugs it into the bridge. A failure leaves none. */
export async function ensureTap(tap: Tap, bridge: string): Promise<void> {
  const where = tap.netns === undefined ? "" : ` in the namespace ${tap.netns}`;
  if ((await attempt({ argv: ip(tap, "link", "show", "dev", tap.name) })).exitCode !== 0)
    await run({
      argv: ip(tap, "tuntap", "add", "dev", tap.name, "mode", "tap"),
      hint:
        tap.netns === undefined
          ? "making network devices needs root"
          : `is there a network namespace ${tap.netns}? And making network devices needs root`,
    });
  try {
    await run({
      argv: ip(tap, "link", "set", "dev", tap.name, "master", bridge, "up"),
      hint: `is ${bridge} a bridge${where}?`,
    });
  } catch (error) {
    await removeTap(tap);
    throw error;
  }
}

export async function removeTap(tap: Tap): Promise<void> {
  await attempt({ argv: ip(tap, "link", "delete", "dev", tap.name) });
}
