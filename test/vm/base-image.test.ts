import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseSpec, type DebianRelease } from "../../src/compute/local/base-spec.js";
import { sshArgv, type SshTarget } from "../../src/compute/local/ssh.js";
import { macAddress, type VirtualMachine } from "../../src/compute/local/vm.js";
import { findAccelerator } from "../../src/do/local/accelerator.js";
import { ensureBaseImage, type BaseImage } from "../../src/do/local/base-image.js";
import { waitForConsole } from "../../src/do/local/console.js";
import { freePort } from "../../src/do/local/ports.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { createVm, startVm } from "../../src/do/local/vm.js";
import { attempt } from "../../src/do/process.js";
import { removeMachine, stopMachine } from "../../src/do/local/machine.js";
import { findVm, type VmRecord } from "../../src/do/local/vm-store.js";

const MINUTE = 60_000;
/** SIP_PROXY_TEST_BASE=debian-12 tests the other release. */
const release = (process.env.SIP_PROXY_TEST_BASE ?? "debian-13") as DebianRelease;
const started = Date.now();
const note = (line: string) => console.info(`${((Date.now() - started) / 1000).toFixed(1)} s: ${line}`);
const talk = { info: note, warn: note };

let state: string;
let base: BaseImage;
let vm: VmRecord<VirtualMachine>;
let guest: SshTarget;
const inGuest = (script: string) =>
  runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: MINUTE });

describe("the base image", () => {
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
    base = await ensureBaseImage(baseSpec({ release }), { talk });
    note(`base image ${base.key}`);
    const accelerator = await findAccelerator(base.kernel, { talk });
    const key = await ensureSshKey(join(state, "test", ".ssh"), "test");
    const [mac, port] = [macAddress("test", "base", 0), await freePort()];
    guest = { host: "127.0.0.1", port, user: "debian", key: key.file };
    vm = await createVm(
      {
        fleet: "test",
        name: "base",
        base: base.disk,
        diskMiB: 6 * 1024,
        memoryMiB: 1024,
        cpus: 2,
        accelerator,
        nics: [{ kind: "user", mac, forwards: [{ protocol: "tcp", hostPort: port, guestPort: 22 }] }],
        seed: {
          metaData: { instanceId: "i-base-test", hostname: "base-test", publicKeys: [key.publicKey] },
          userData: "#cloud-config\n{}\n",
          network: [{ mac }],
        },
      },
      state,
    );
    vm = await startVm(vm);
    note("QEMU started");
  }, 15 * MINUTE);

  afterAll(async () => {
    const left = await findVm("test", "base", state);
    if (left) await removeMachine(left.record);
    await rm(state, { recursive: true, force: true });
  }, MINUTE);

  it("boots to a login prompt", { timeout: 5 * MINUTE }, async () => {
    const running = async () => (await findVm("test", "base", state))?.running !== undefined;
    await waitForConsole(vm.machine.console, /base-test login:/, { timeout: 4 * MINUTE, running });
    note("login prompt");
  });

  it("lets its user in, and cloud-init ends without complaint", { timeout: 5 * MINUTE }, async () => {
    await waitForSsh(guest, 2 * MINUTE);
    note("ssh");
    expect(await waitForCloudInit(guest, 2 * MINUTE)).toEqual({ outcome: "done", problems: [] });
    note("cloud-init done");
  });

  it("made its identity at this boot", { timeout: MINUTE }, async () => {
    expect(await inGuest("cat /etc/machine-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(await inGuest("hostname; sudo hostname")).toBe("base-test\nbase-test");
    const newerThanKernel = "find /etc/ssh -name 'ssh_host_*_key' -newer /proc/1 | wc -l";
    expect(Number(await inGuest(newerThanKernel))).toBeGreaterThan(0);
    expect(await inGuest("find /etc/ssh -name 'ssh_host_*_key' ! -newer /proc/1 | wc -l")).toBe("0");
  });

  it("brings nothing of the machine that built it", { timeout: MINUTE }, async () => {
    expect(
      await inGuest("ls /var/cache/apt/archives/*.deb /var/lib/apt/lists/*Packages* 2>&1 || true"),
    ).toMatch(/cannot access[^]*cannot access/);
    expect(await inGuest("sudo find /var/log -type f ! -newer /proc/1 -size +0")).toBe("");
    expect(await inGuest("readlink /etc/resolv.conf")).toBe("../run/systemd/resolve/stub-resolv.conf");
    expect(await inGuest("stat -c %a /tmp /root")).toBe("1777\n700");
    expect(await inGuest("systemctl --failed --plain --no-legend")).toBe("");
  });

  it("grew its root filesystem to the disk", { timeout: MINUTE }, async () => {
    const bytes = Number(await inGuest("df --block-size=1 --output=size / | tail -1"));
    expect(bytes).toBeGreaterThan(5.5 * 2 ** 30);
  });

  it("reaches its mirror by name", { timeout: 3 * MINUTE }, async () => {
    await runInGuest(guest, { argv: ["sudo", "apt-get", "-qq", "update"], timeout: 2 * MINUTE });
    note("apt-get update");
  });

  it("boots again when its kernel panics", { timeout: 6 * MINUTE }, async () => {
    const boot = "cat /proc/sys/kernel/random/boot_id";
    const before = await inGuest(boot);
    // the connection dies with the kernel
    await attempt({
      argv: sshArgv(guest, "sync; echo c | sudo tee /proc/sysrq-trigger"),
      timeout: 10_000,
    }).catch(() => undefined);
    await expect
      .poll(() => inGuest(boot).catch(() => before), { timeout: 5 * MINUTE, interval: 2000 })
      .not.toBe(before);
    note("booted again");
  });

  it("powers down when asked", { timeout: 3 * MINUTE }, async () => {
    expect(await stopMachine(vm, 2 * MINUTE)).toBe("powered down");
    note("powered down");
    expect((await findVm("test", "base", state))?.running).toBeUndefined();
  });
});
