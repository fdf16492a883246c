import { CONTAINER_NIC } from "../../compute/local/container.js";
import { attempt, run } from "../process.js";
import { bridgeHint, ipWhere, rootHint, type Plug } from "./plug.js";
import { removeDevice } from "./tap.js";

/** A container's network namespace, and the veth pair that connects it to a bridge. */
export interface Veth extends Plug {
  namespace: string;
  /** MAC address of the container's end. */
  mac: string;
}

/**
 * Makes namespace and veth pair, and replaces existing ones: a namespace would keep addresses and packet filters of its earlier guest.
 * Removes both if this fails.
 */
export async function makeVeth(veth: Veth): Promise<void> {
  const { namespace, device, mac, bridge } = veth;
  await removeVeth(veth);
  await run({ argv: ["ip", "netns", "add", namespace], hint: rootHint({}) });
  try {
    const peer = ["peer", "name", CONTAINER_NIC, "address", mac, "netns", namespace] as const;
    await run({
      argv: ipWhere(veth, "link", "add", "dev", device, "type", "veth", ...peer),
      hint: rootHint(veth),
    });
    await run({
      argv: ipWhere(veth, "link", "set", "dev", device, "master", bridge, "up"),
      hint: bridgeHint(veth),
    });
  } catch (error) {
    await removeVeth(veth);
    throw error;
  }
}

/** Removes both. Without the namespace the veth pair would also disappear, but not immediately. */
export async function removeVeth(veth: Pick<Veth, "namespace" | "device" | "netns">): Promise<void> {
  await removeDevice(veth);
  await removeNamespace(veth.namespace);
}

export async function removeNamespace(name: string): Promise<void> {
  await attempt({ argv: ["ip", "netns", "delete", name] });
}
