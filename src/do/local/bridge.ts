import { UserError } from "../../errors.js";
import { attempt } from "../process.js";
import { ipWhere, type Plug } from "./plug.js";
import { requireTools } from "./tools.js";

type Place = Pick<Plug, "bridge" | "netns">;

/**
 * Throws UserError, with the commands that create it, if this machine does not have the bridge (in the network namespace). `address`: of
 * this machine on the bridge, as ADDRESS/LENGTH. A namespace that this process may not enter is not checked.
 */
export async function refuseMissingBridge(place: Place, address: string): Promise<void> {
  const { bridge, netns } = place;
  await requireTools("ip");
  const argv = ipWhere(place, "-json", "link", "show", "type", "bridge");
  const { exitCode, stdout, stderr } = await attempt({ argv });
  const create = bridgeCommands(place, address);
  if (/Cannot open network namespace .*: No such file/.test(stderr))
    throw new UserError(`launch.local.netns: there is no network namespace ${netns} on this machine`, {
      hint: `to create it with the bridge: ip netns add ${netns}; ${create}`,
    });
  if (exitCode !== 0 || isAmong(stdout, bridge)) return;
  const where = netns === undefined ? "on this machine" : `in the network namespace ${netns}`;
  throw new UserError(`launch.local.bridge: there is no bridge ${bridge} ${where}`, {
    hint: `to create it: ${create}`,
  });
}

/** The commands that create a bridge. */
export function bridgeCommands(place: Place, address: string): string {
  const ip = ipWhere(place).join(" ");
  const { bridge } = place;
  return `${ip} link add ${bridge} type bridge; ${ip} addr add ${address} dev ${bridge}; ${ip} link set ${bridge} up`;
}

/** Some versions of `ip` print nothing if there is no bridge, or an empty object for each other link. */
function isAmong(json: string, bridge: string): boolean {
  const links = JSON.parse(json.trim() || "[]") as { ifname?: string }[];
  return links.some(({ ifname }) => ifname === bridge);
}
