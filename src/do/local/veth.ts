import { CONTAINER_NIC } from "../../compute/local/container.js";
import { attempt, run } from "../process.js";

/** A container's network namespace, and the cable from it into a bridge. */
export interface Veth {
  /** The container's network namespace, and the end of the cable that is plugged into the bridge: one name, up to 15 characters. */
  name: string;
  /** Of the container's end. */
  mac: string;
  bridge: string;
  /** The network namespace of the bridge, where that is not the machine's own. */
  netns?: string;
}

/** Makes namespace and cable, in place of those that are there: a namespace keeps addresses and packet filters of its former guest. A failure leaves none. */
export async function makeVeth(veth: Veth): Promise<void> {
  const { name, mac, bridge, netns } = veth;
  await removeVeth(veth);
  const ip = netns === undefined ? (["ip"] as const) : (["ip", "-n", netns] as const);
  const there = netns === undefined ? "" : ` in the namespace ${netns}`;
  const root = "making network devices needs root";
  await run({ argv: ["ip", "netns", "add", name], hint: root });
  try {
    const peer = ["peer", "name", CONTAINER_NIC, "address", mac, "netns", name] as const;
    const hint = netns === undefined ? root : `is there a network namespace ${netns}? And ${root}`;
    await run({ argv: [...ip, "link", "add", "dev", name, "type", "veth", ...peer], hint });
    const plug = ["link", "set", "dev", name, "master", bridge, "up"] as const;
    await run({ argv: [...ip, ...plug], hint: `is ${bridge} a bridge${there}?` });
  } catch (error) {
    await removeVeth(veth);
    throw error;
  }
}

/** The cable goes with the namespace; at once, when it is deleted itself. */
export async function removeVeth({ name, netns }: Pick<Veth, "name" | "netns">): Promise<void> {
  const ip = netns === undefined ? (["ip"] as const) : (["ip", "-n", netns] as const);
  await attempt({ argv: [...ip, "link", "delete", "dev", name] });
  await attempt({ argv: ["ip", "netns", "delete", name] });
}
