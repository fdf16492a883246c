import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FIRST_SECTOR, SECTOR } from "../../src/compute/local/disk-layout.js";
import type { SshTarget } from "../../src/compute/local/ssh.js";
import { macAddress } from "../../src/compute/local/vm.js";
import { freePort } from "../../src/do/local/ports.js";
import { ensureSshKey } from "../../src/do/local/ssh-key.js";
import { runInGuest, waitForCloudInit, waitForSsh } from "../../src/do/local/ssh.js";
import { removeMachine } from "../../src/do/local/machine.js";
import { createVm, startVm } from "../../src/do/local/vm.js";
import { run } from "../../src/do/process.js";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { localAccelerator } from "../../src/targets/local/do/launch.js";
import { cli, writeFleet } from "../support/demo-image.js";

// The same fleet baked by a builder of each kind, and the image of the container in a VM.

const folder = mkdtempSync(join(tmpdir(), "bake-kinds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Baked {
  path: string;
  manifest: Manifest;
  /** Path to type, mode, owners, link's target, and checksum. */
  files: Map<string, string>;
}

async function bakeIn(
  kind: "vm" | "container",
  name: string = kind,
  { more = [], env: further = {} }: { more?: string[]; env?: Record<string, string> } = {},
): Promise<Baked> {
  const env = { XDG_DATA_HOME: join(folder, name), ...further };
  const argv = [
    ...cli,
    "bake",
    writeFleet(folder),
    "--target",
    "local",
    "--builder",
    kind,
    "--json",
    ...more,
  ] as const;
  const { stdout } = await run({ argv, env, timeout: 1_700_000 });
  const { path, manifest } = JSON.parse(stdout) as { path: string; manifest: Manifest };
  return { path, manifest, files: await filesOf(path, name) };
}

const LIST = `set -eu
mount -o ro,noload,loop,offset=${FIRST_SECTOR * SECTOR} "$1" "$2"
cd "$2"
find . -xdev \\( -type f -o -type l -o -type d \\) -printf '%P\\t%y %m %U:%G %l\\n' | sort
echo ==
rule=./etc/sudoers.d/90-cloud-init-users
find . -xdev -type f ! -path "$rule" -print0 | sort -z | xargs -0 sha256sum
# cloud-init says in it when it was made
printf '%s  %s\\n' "$(grep -v '^# Created by cloud-init' "$rule" | sha256sum | cut -c -64)" "$rule"
echo ==
getcap -r . 2>/dev/null | sort
`;

async function filesOf(image: string, kind: string): Promise<Map<string, string>> {
  const [raw, mount] = [join(folder, `${kind}.raw`), join(folder, "mount")];
  await run({ argv: ["qemu-img", "convert", "-O", "raw", image, raw], timeout: 300_000 });
  await run({ argv: ["mkdir", "-p", mount] });
  const inNamespace = ["unshare", "--mount", "--propagation", "private"] as const;
  const { stdout } = await run({
    argv: [...inNamespace, "sh", "-c", LIST, "list", raw, mount],
    timeout: 300_000,
  });
  rmSync(raw);
  const [names = "", sums = "", capabilities = ""] = stdout.split("==\n");
  const files = new Map(
    names
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t") as [string, string]),
  );
  const add = (path: string, what: string) => files.set(path, `${files.get(path) ?? ""} ${what}`);
  for (const line of sums.trimEnd().split("\n")) add(line.slice(68), line.slice(0, 64));
  for (const line of capabilities.trim().split("\n").filter(Boolean)) add(line.split(" ")[0] ?? "", line);
  return files;
}

/** What a boot, a clock or a password's salt makes anew on any two machines, also of the same kind. */
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

  test("make the packages of a lock file again, twice the same files; the second time from nothing that is kept", async () => {
    const lock = join(dirname(container.path), "image.lock");
    const more = ["--locked", lock];
    const first = await bakeIn("container", "locked", { more });
    const env = { XDG_CACHE_HOME: join(folder, "cache") };
    const second = await bakeIn("container", "locked-again", { more, env });
    expect(first.manifest.contents.packages).toEqual(container.manifest.contents.packages);
    const stable = ({ files }: Baked) => [...files].filter(isStable).map((entry) => entry.join("\t"));
    expect(stable(second)).toEqual(stable(first));
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
