import { bridgeCommands, refuseMissingBridge } from "../../../do/local/bridge.js";
import type { PluggedIn } from "../../../do/local/plug.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";

/** The network connection of the fleet's hosts. Throws UserError if the fleet file has no bridge. */
export function fleetPlug(fleet: Fleet): PluggedIn {
  const { bridge } = fleet.launch.local;
  const place = netnsOf(fleet.launch.local);
  if (bridge !== undefined) return { bridge, ...place };
  throw new UserError(
    "launch.local.bridge is not set: proxies must be connected to a bridge from which platforms and recorders are reachable",
    {
      hint: `create a bridge (${bridgeCommands({ bridge: "br-sip", ...place }, "10.0.0.254/24")}) and set launch.local.bridge, or use \`npm start\`, which creates a complete network`,
    },
  );
}

/** The same; throws UserError also if this machine does not have the bridge. */
export async function existingPlug(fleet: Fleet): Promise<PluggedIn> {
  const plug = fleetPlug(fleet);
  const { gateway = "ADDRESS", prefix_length } = fleet.launch.local;
  await refuseMissingBridge(plug, `${gateway}/${prefix_length}`);
  return plug;
}

/** The network namespace, if there is one. */
export function netnsOf({ netns }: { netns?: string | undefined }): { netns?: string } {
  return netns === undefined ? {} : { netns };
}
