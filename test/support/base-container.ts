import { join } from "node:path";
import { baseSpec } from "../../src/compute/local/base-spec.js";
import { CONTAINER_NIC, type Container } from "../../src/compute/local/container.js";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { ensureBaseImage } from "../../src/do/local/base-image.js";
import { makeContainerFolder } from "../../src/do/local/container.js";
import { ensureRawDisk } from "../../src/do/local/raw-disk.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { makeVeth, removeVeth } from "../../src/do/local/veth.js";
import { run } from "../../src/do/process.js";

const bridge = "br0";

/** A bridge in a separate network namespace, from which its containers are reachable. */
export async function makeLan(netns: string): Promise<() => Promise<unknown>> {
  await run({ argv: ["ip", "netns", "add", netns] });
  await run({ argv: ["ip", "-n", netns, "link", "add", bridge, "type", "bridge"] });
  await run({ argv: ["ip", "-n", netns, "addr", "add", "10.99.0.1/24", "dev", bridge] });
  await run({ argv: ["ip", "-n", netns, "link", "set", bridge, "up"] });
  return () => run({ argv: ["ip", "netns", "delete", netns] });
}

/** A container of the base image at 10.99.0.`last`, made but not started, in `folder`. */
export async function baseContainer(folder: string, netns: string, id: string, last: number) {
  const base = await ensureBaseImage(baseSpec());
  const key = await ensureSshKey(join(folder, ".ssh"), "test");
  const file = (name: string) => join(folder, name);
  const container: Container = {
    engine: "container",
    name: id,
    id,
    disk: await ensureRawDisk(base.disk),
    folder: file("tree"),
    seed: file("seed"),
    console: file("console.log"),
    pidfile: file("pid"),
    namespace: id,
    netns,
  };
  await makeContainerFolder(container, {
    metaData: { instanceId: `i-${id}`, hostname: id, publicKeys: [key.publicKey] },
    userData: "#cloud-config\nruncmd: [[sh, -c, 'echo said > /dev/console']]\n",
    network: [{ interface: CONTAINER_NIC, addresses: [`10.99.0.${last}/24`] }],
  });
  const guest: SshTarget = { host: `10.99.0.${last}`, port: 22, user: "debian", key: key.file, netns };
  const veth = { namespace: id, device: id, mac: `52:54:00:c0:00:0${last}`, bridge, netns };
  return { container, guest, plug: () => makeVeth(veth), unplug: () => removeVeth(veth) };
}
