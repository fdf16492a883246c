import { attempt, run } from "../process.js";
import { bridgeHint, ipWhere, rootHint, type Plug } from "./plug.js";

/** Makes the tap device if it does not exist, and connects it to the bridge. Removes it if this fails. */
export async function ensureTap(plug: Plug): Promise<void> {
  const { device, bridge } = plug;
  if ((await attempt({ argv: ipWhere(plug, "link", "show", "dev", device) })).exitCode !== 0)
    await run({
      argv: ipWhere(plug, "tuntap", "add", "dev", device, "mode", "tap"),
      hint: rootHint(plug),
    });
  try {
    await run({
      argv: ipWhere(plug, "link", "set", "dev", device, "master", bridge, "up"),
      hint: bridgeHint(plug),
    });
  } catch (error) {
    await removeDevice(plug);
    throw error;
  }
}

export async function removeDevice(plug: Pick<Plug, "netns" | "device">): Promise<void> {
  await attempt({ argv: ipWhere(plug, "link", "delete", "dev", plug.device) });
}
