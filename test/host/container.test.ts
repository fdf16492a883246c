import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseSpec } from "../../src/compute/local/base-spec.js";
import { cgroupsOf, CONTAINER_NIC, type Container } from "../../src/compute/local/container.js";
import type { ProcessIdentity } from "../../src/compute/local/process-identity.js";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { ensureBaseImage } from "../../src/do/local/base-image.js";
import { waitForConsole } from "../../src/do/local/console.js";
import { makeContainerFolder, startContainer, stopContainer } from "../../src/do/local/container.js";
import { isAlive, signal } from "../../src/do/local/process-identity.js";
import { ensureRawDisk } from "../../src/do/local/raw-disk.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { makeVeth, removeVeth } from "../../src/do/local/veth.js";
import { run } from "../../src/do/process.js";

const MINUTE = 60_000;
const suffix = process.pid.toString(36);
const [lab, id, bridge] = [`ct-lab-${suffix}`, `ct-${suffix}`, "br0"];
const veth = { namespace: id, device: id, mac: "52:54:00:c0:00:01", bridge, netns: lab };

let folder: string;
let container: Container;
let running: ProcessIdentity;
let guest: SshTarget;
const inGuest = (script: string) =>
  runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: MINUTE });

/** What this machine holds of the container. */
async function leftovers(): Promise<string[]> {
  const { stdout } = await run({ argv: ["sh", "-c", "mount; losetup --list --output BACK-FILE; ip netns"] });
  const named = stdout.split("\n").filter((line) => line.includes(id) || line.includes(folder));
  const cgroups = cgroupsOf(id).map((path) =>
    access(path).then(
      () => [path],
      () => [],
    ),
  );
  return [...named, ...(await Promise.all(cgroups)).flat()];
}

describe("a container of the base image", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sip-proxy-test-a:b,c-"));
    const base = await ensureBaseImage(baseSpec());
    const key = await ensureSshKey(join(folder, ".ssh"), "test");
    await run({ argv: ["ip", "netns", "add", lab] });
    await run({ argv: ["ip", "-n", lab, "link", "add", bridge, "type", "bridge"] });
    await run({ argv: ["ip", "-n", lab, "addr", "add", "10.99.0.1/24", "dev", bridge] });
    await run({ argv: ["ip", "-n", lab, "link", "set", bridge, "up"] });
    const file = (name: string) => join(folder, name);
    container = {
      engine: "container",
      name: "base-test",
      id,
      disk: await ensureRawDisk(base.disk),
      folder: file("tree"),
      seed: file("seed"),
      console: file("console.log"),
      pidfile: file("pid"),
      namespace: id,
      netns: lab,
    };
    await makeContainerFolder(container, {
      metaData: { instanceId: "i-base-test", hostname: "base-test", publicKeys: [key.publicKey] },
      userData: "#cloud-config\nruncmd: [[sh, -c, 'echo said > /dev/console']]\n",
      network: [{ interface: CONTAINER_NIC, addresses: ["10.99.0.2/24"] }],
    });
    guest = { host: "10.99.0.2", port: 22, user: "debian", key: key.file, netns: lab };
    await makeVeth(veth);
    running = await startContainer(container);
  }, 15 * MINUTE);

  afterAll(async () => {
    await stopContainer(container, running, 0);
    await removeVeth(veth);
    await run({ argv: ["ip", "netns", "delete", lab] });
    await rm(folder, { recursive: true });
  }, MINUTE);

  it("lets its user in, cloud-init ends without complaint, and the console is logged", async () => {
    await waitForSsh(guest, 2 * MINUTE);
    expect(await waitForCloudInit(guest, 2 * MINUTE)).toEqual({ outcome: "done", problems: [] });
    await waitForConsole(container.console, /^said/, { timeout: MINUTE });
  });

  it("has no unit that failed, and may filter packets", async () => {
    expect(await inGuest("systemctl is-system-running --wait || systemctl --failed")).toBe("running");
    expect(
      await inGuest(
        "sudo ip link add name one0 type veth peer name two0 && sudo ip link delete one0 && echo may",
      ),
    ).toBe("may");
  });

  it("shows its own network alone", async () => {
    expect(await inGuest("ls /sys/class/net")).toBe(`${CONTAINER_NIC}\nlo`);
    const cgroup = await readFile(`/proc/${running.pid}/cgroup`, "utf8");
    expect(cgroup).toContain(`/${id}`);
  });

  it("powers down and leaves nothing mounted, and starts again with its changes", async () => {
    await inGuest("echo kept | sudo tee /etc/kept; sync");
    expect(await stopContainer(container, running, MINUTE)).toBe("powered down");
    expect(isAlive(running)).toBe(false);
    await removeVeth(veth);
    expect(await leftovers()).toEqual([]);
    await makeVeth(veth);
    running = await startContainer(container);
    await waitForSsh(guest, 2 * MINUTE);
    expect(await inGuest("cat /etc/kept")).toBe("kept");
  });

  it("leaves no process when its nspawn was killed", async () => {
    signal(running, "SIGKILL");
    await stopContainer(container, undefined, 0);
    await removeVeth(veth);
    expect(await leftovers()).toEqual([]);
  });

  it("tells why it does not start", async () => {
    const broken = { ...container, disk: "/dev/null" };
    await makeVeth(veth);
    await expect(startContainer(broken)).rejects.toThrow(/base-test: the container did not start\n.*mount:/s);
  });
});
