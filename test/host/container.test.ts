import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cgroupsOf, CONTAINER_NIC, type Container } from "../../src/compute/local/container.js";
import type { ProcessIdentity } from "../../src/compute/local/process-identity.js";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { waitForConsole } from "../../src/do/local/console.js";
import { startContainer, stopContainer } from "../../src/do/local/container.js";
import { isAlive, signal } from "../../src/do/local/process-identity.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { run } from "../../src/do/process.js";
import { baseContainer, makeLan } from "../support/base-container.js";

const MINUTE = 60_000;
const suffix = process.pid.toString(36);
const [lab, id] = [`ct-lab-${suffix}`, `ct-${suffix}`];

let folder: string;
let removeLan: () => Promise<unknown>;
let plug: () => Promise<unknown>;
let unplug: () => Promise<unknown>;
let container: Container;
let running: ProcessIdentity;
let guest: SshTarget;
const inGuest = (script: string) =>
  runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: MINUTE });

/** Mounts, loop devices and network namespaces of the container on this machine. */
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
    removeLan = await makeLan(lab);
    ({ container, guest, plug, unplug } = await baseContainer(folder, lab, id, 2));
    await plug();
    running = await startContainer(container);
  }, 15 * MINUTE);

  afterAll(async () => {
    await stopContainer(container, running, 0);
    await unplug();
    await removeLan();
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
    await unplug();
    expect(await leftovers()).toEqual([]);
    await plug();
    running = await startContainer(container);
    await waitForSsh(guest, 2 * MINUTE);
    expect(await inGuest("cat /etc/kept")).toBe("kept");
  });

  it("leaves no process when its nspawn was killed", async () => {
    signal(running, "SIGKILL");
    await stopContainer(container, undefined, 0);
    await unplug();
    expect(await leftovers()).toEqual([]);
  });

  it("tells why it does not start", async () => {
    const broken = { ...container, disk: "/dev/null" };
    await plug();
    await expect(startContainer(broken)).rejects.toThrow(/: the container did not start\n.*mount:/s);
  });
});

describe("two containers at once", () => {
  // changes the cgroup mounts for these processes only, to simulate a machine with them
  const hidden = "umount -l /sys/fs/cgroup";
  const none = "mount -t tmpfs none /sys/fs/cgroup";
  it.each([
    ["cgroup v2 alone", `${hidden}; mount -t cgroup2 none /sys/fs/cgroup`],
    [
      "cgroup v1 alone",
      `${hidden}; ${none}; mkdir /sys/fs/cgroup/systemd; mount -t cgroup -o none,name=systemd none /sys/fs/cgroup/systemd`,
    ],
  ])(
    "boot, are apart, and leave nothing, with %s",
    async (_, arrange) => {
      const program = ["run-ts.mjs", "two-containers.ts"].map((name) =>
        join(import.meta.dirname, "../support", name),
      );
      const script = `set -e; ${arrange}; exec node "$@"`;
      const { stdout } = await run({
        argv: [
          "unshare",
          "--mount",
          "--propagation",
          "private",
          "sh",
          "-c",
          script,
          "node",
          ...program,
          suffix,
        ],
        timeout: 4 * MINUTE,
      });
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({
        states: ["running", "running"],
        stillThere: "active",
        ends: ["powered down", "powered down"],
        left: "",
      });
    },
    5 * MINUTE,
  );
});
