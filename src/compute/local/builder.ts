import { bindPath, inOwnCgroup, MEANINGLESS } from "./container.js";
import { isolated } from "./isolation.js";
import { seedFiles, type MetaData } from "./seed.js";
import type { Tree } from "./tree.js";

/**
 * A builder that is a container: a tree that boots in namespaces of its own, which end with this process whatever ends it. Its network is
 * slirp4netns's, as a VM's is QEMU's: outgoing connections only, and nothing of this machine's network is changed.
 */
export interface BuilderContainer {
  /** Names its cgroup. */
  id: string;
  tree: Tree;
  /** Folder with the NoCloud seed, which is copied into the tree: sealing removes it there. */
  seed: string;
  /** File that tells the container's resolver of the network's DNS server. */
  resolver: string;
  pidfile: string;
}

/** slirp4netns's own address for DNS. */
export const RESOLVER = "[Resolve]\nDNS=10.0.2.3\n";

/**
 * Run as the first process of the namespaces: $1 is the tree, $2 the seed. What nspawn leaves behind in /run of this machine goes with
 * the mount.
 */
const BOOT = `set -eu
umask 022
mkdir -p "$1/var/lib/cloud/seed"
cp -r -- "$2" "$1/var/lib/cloud/seed/nocloud"
shift 2
ip link set lo up
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
exec "$@"
`;

/** The program and its arguments; `systemd`: this machine's PID 1 is systemd. */
export function builderArgv(builder: BuilderContainer, systemd: boolean): [string, ...string[]] {
  const { tree, seed } = builder;
  const boot = ["sh", "-c", BOOT, "boot", tree.root, seed, ...nspawnArgv(builder)];
  // the network namespace is the outer process's too: by its pid others get in
  const outer = ["unshare", "--net", ...isolated("--mount-proc")];
  return inOwnCgroup(builder, systemd, [...outer, ...tree.around(boot)]);
}

function nspawnArgv({ id, tree, resolver }: BuilderContainer): string[] {
  return [
    ...["systemd-nspawn", "--quiet", "--boot", `--directory=${tree.root}`],
    ...[`--machine=${id}`, "--hostname=builder"],
    ...["--register=no", "--keep-unit", "--settings=no", "--link-journal=no"],
    ...["--resolv-conf=off", "--timezone=off", "--console=read-only"],
    "--suppress-sync=yes", // the tree is read back by this machine: nothing has to be on its disk
    "--capability=CAP_NET_ADMIN",
    `--bind-ro=${bindPath(resolver)}:/run/systemd/resolved.conf.d/builder.conf`,
    ...[...MEANINGLESS, "systemd-networkd-wait-online.service"].map((unit) => `systemd.mask=${unit}`),
  ];
}

/** The network of a builder, by the process that runs in it. */
export function slirpArgv(pid: number): [string, ...string[]] {
  const options = ["--configure", "--mtu=65520", "--disable-host-loopback", "--netns-type=path"];
  return ["setpriv", "--pdeathsig", "KILL", "slirp4netns", ...options, `/proc/${pid}/ns/net`, "tap0"];
}

/** A command in the builder's network, where its SSH listens. */
export function inBuilderNetwork(pid: number, argv: readonly string[]): [string, ...string[]] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--", ...argv];
}

/** The seed that lets Packer in. The network is up before the container is, and stays as it is. */
export function builderSeed(metaData: MetaData): Record<string, string | Uint8Array> {
  return {
    ...seedFiles({ metaData, userData: "#cloud-config\n{}\n", network: [] }),
    "network-config": `${JSON.stringify({ network: { config: "disabled" } })}\n`,
  };
}
