import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { macAddress } from "../../src/compute/local/vm.js";
import { freePort } from "../../src/do/local/ports.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { removeMachine } from "../../src/do/local/machine.js";
import { createVm, startVm } from "../../src/do/local/vm.js";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { localAccelerator } from "../../src/targets/local/do/launch.js";
import { bakeInto, writeFleet } from "../support/demo-image.js";
import { filesOf, rawDisk } from "../support/image-disk.js";

// One fleet baked by both kinds of builder, and the container's image in a VM.

const folder = mkdtempSync(join(tmpdir(), "bake-kinds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Baked {
  path: string;
  manifest: Manifest;
  /** For each path: type, mode, owners, link target, and checksum. */
  files: Map<string, string>;
}

async function bakeIn(builder: "vm" | "container"): Promise<Baked> {
  const baked = await bakeInto(join(folder, builder), writeFleet(folder), { builder });
  return { ...baked, files: await stableFiles(baked.path, builder) };
}

async function stableFiles(image: string, kind: string): Promise<Map<string, string>> {
  const raw = join(folder, `${kind}.raw`);
  await rawDisk(image, raw);
  const { timeless } = await filesOf(raw);
  rmSync(raw);
  return timeless;
}

/** Files that differ between any two machines because of the boot, the clock or a password's salt. */
const volatile = [
  /^(boot\/grub\/grubenv|etc\/machine-id|etc\/(shadow|passwd|group|gshadow|subuid|subgid)-?)$/,
  /^(var\/log|var\/lib\/systemd|var\/cache|lost\+found)(\/|$)/,
  /^etc\/\.(pwd\.lock|updated)$|^var\/\.updated$/,
];
const isStable = ([path]: [string, string]) => !volatile.some((pattern) => pattern.test(path));

describe("builders of both kinds", () => {
  let container: Baked;
  let vm: Baked;
  beforeAll(async () => {
    container = await bakeIn("container");
    vm = await bakeIn("vm");
  });

  test("make the same image of the same fleet: name, versions, packages, checksums", () => {
    expect(container.manifest).toMatchObject({ builder: "container", key: vm.manifest.key });
    expect(vm.manifest.builder).toBe("vm");
    const { usedKiB: inVm, ...ofVm } = vm.manifest.contents;
    const { usedKiB: inContainer, ...ofContainer } = container.manifest.contents;
    expect(ofContainer).toEqual(ofVm);
    expect(Math.abs(inContainer - inVm) / inVm).toBeLessThan(0.05);
  });

  test("leave the same files: paths, types, modes, owners, capabilities, checksums", () => {
    const stable = ({ files }: Baked) => [...files].filter(isStable).map((entry) => entry.join("\t"));
    const [ofContainer, ofVm] = [new Set(stable(container)), new Set(stable(vm))];
    expect(ofContainer.size).toBeGreaterThan(10_000);
    expect([...ofContainer].filter((line) => !ofVm.has(line))).toEqual([]);
    expect([...ofVm].filter((line) => !ofContainer.has(line))).toEqual([]);
  });

  test.each(["container", "vm"])("leave nothing of the machine: %s", (kind) => {
    const { files } = kind === "vm" ? vm : container;
    const empty = createHash("sha256").update("").digest("hex");
    expect(files.get("etc/machine-id")).toContain(empty);
    const left =
      /^(etc\/ssh\/ssh_host_|var\/lib\/cloud\/|root\/\.ssh|home\/[^/]+\/\.ssh|var\/lib\/apt\/lists\/.*Packages|var\/lib\/systemd\/random-seed$)/;
    expect([...files.keys()].filter((path) => left.test(path) || path.endsWith(".deb"))).toEqual([]);
  });

  test("the container's image boots in a VM, and nothing fails there", async () => {
    const key = await ensureSshKey(join(folder, "key"), "test");
    const [mac, hostPort] = [macAddress("bake", "kinds"), await freePort()];
    const guest: SshTarget = { host: "127.0.0.1", port: hostPort, user: "debian", key: key.file };
    const metaData = { instanceId: "i-kinds", hostname: "kinds", publicKeys: [key.publicKey] };
    const record = await createVm(
      {
        fleet: "bake",
        name: "kinds",
        base: container.path,
        memoryMiB: 1024,
        cpus: 1,
        accelerator: await localAccelerator(),
        nics: [{ kind: "user", mac, forwards: [{ protocol: "tcp", hostPort, guestPort: 22 }] }],
        seed: { metaData, userData: "#cloud-config\n{}\n", network: [{ mac }] },
      },
      join(folder, "state"),
    );
    try {
      await startVm(record);
      await waitForSsh(guest, 900_000);
      await waitForCloudInit(guest, 600_000);
      const script = "systemctl --failed --no-legend; uname -r";
      const said = await runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: 120_000 });
      expect(said.trim()).toBe(container.manifest.contents.kernel);
    } finally {
      await removeMachine(record);
    }
  });
});
