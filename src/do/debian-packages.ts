import { setTimeout as sleep } from "node:timers/promises";
import { allRelays } from "../relay/registry.js";
import { attempt, run } from "./process.js";
import { UserError } from "../errors.js";

/** Seconds to wait for another apt, such as unattended-upgrades. */
const LOCK_TIMEOUT = 300;

/** Debian packages that sip-proxy needs on this machine besides npm packages, by purpose. */
export const debianPackages = {
  bake: [
    "debian-archive-keyring",
    "e2fsprogs",
    "fdisk",
    "genisoimage",
    "git",
    "grub-common",
    "grub-pc-bin",
    "iproute2",
    "mmdebstrap",
    "openssh-client",
    "packer",
    "qemu-system-x86",
    "qemu-utils",
    "slirp4netns",
    "systemd-container",
  ],
  network: ["iproute2", "nftables"],
  database: ["postgresql"],
  proxies: [
    "kamailio",
    "kamailio-lua-modules",
    "kamailio-postgres-modules",
    "kamailio-tls-modules",
    "openssl",
    "procps",
    "python3",
    "python3-dnspython",
    "python3-psycopg2",
    "socat",
    ...allRelays().flatMap(({ packages }) => packages),
  ],
  checks: ["ansible-core", "cloud-init", "lua5.1", "lua5.4", "pgbouncer"],
  metrics: ["prometheus"],
  bench: ["sip-tester", "valgrind"],
  packets: ["tshark"],
  interop: ["baresip-core", "sngrep"],
  browser: ["chromium"],
  logs: ["curl", "systemd-journal-remote"],
  uefi: ["grub-efi-amd64-bin", "mtools", "ovmf"],
} as const;

export type Purpose = keyof typeof debianPackages;

/** The packages of these purposes that are not installed. */
export async function missingPackages(...purposes: readonly Purpose[]): Promise<string[]> {
  const wanted = [
    ...new Set(purposes.flatMap((purpose): readonly string[] => debianPackages[purpose])),
  ].sort();
  const { stdout } = await attempt({
    argv: ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", ...wanted],
  });
  const installed = new Set(
    stdout.split("\n").flatMap((line) => (/^\S+ ii/.test(line) ? [line.split(" ")[0]] : [])),
  );
  return wanted.filter((name) => !installed.has(name));
}

/** Installs missing packages with apt, after a message. Throws UserError with the command to run if this process is not root. */
export async function ensurePackages(
  say: (line: string) => void,
  ...purposes: readonly Purpose[]
): Promise<void> {
  const missing = await missingPackages(...purposes);
  if (missing.length === 0) return;
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...missing] as const;
  if (process.getuid?.() !== 0) {
    throw new UserError(`missing on this machine: ${missing.join(", ")}`, {
      hint: `sudo ${install.join(" ")}`,
    });
  }
  say(`installing with apt: ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await updateLists(env);
  await run({ argv: [...install, "-o", `DPkg::Lock::Timeout=${LOCK_TIMEOUT}`], env, timeout: 900_000 });
}

/** Waits until no other apt runs: `apt-get update` ignores DPkg::Lock::Timeout. */
async function updateLists(env: Record<string, string>): Promise<void> {
  for (const deadline = Date.now() + LOCK_TIMEOUT * 1000; ; await sleep(2000)) {
    try {
      await run({ argv: ["apt-get", "update", "--quiet"], env });
      return;
    } catch (error) {
      const locked = (error as Error).message.includes("Could not get lock");
      if (!locked || Date.now() > deadline) throw error;
    }
  }
}
