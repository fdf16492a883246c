import { bindPath, inOwnCgroup, MEANINGLESS } from "./container.js";
import { isolated } from "./isolation.js";
import { seedFiles, type MetaData } from "./seed.js";
import type { Tree } from "./tree.js";

/**
 * A container as builder: a tree that boots in new namespaces. They end with this process, even if it is killed. Its network comes from
 * slirp4netns: outgoing connections only, without a change of this machine's network.
 */
export interface BuilderContainer {
  /** Name of its cgroup. */
  id: string;
  tree: Tree;
  /** Folder with the NoCloud seed. It is copied into the tree, and sealing removes it there. */
  seed: string;
  /** Configuration file with the DNS server for the container's resolver. */
  resolver: string;
  pidfile: string;
}

/** The DNS server of slirp4netns. */
export const RESOLVER = "[Resolve]\nDNS=10.0.2.3\n";

/**
 * The first process of the namespaces. $1: the tree; $2: the seed. A mount over /run of this machine takes the files that nspawn leaves
 * behind there.
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

/** The container's command line. `systemd`: PID 1 of this machine is systemd. */
export function builderArgv(builder: BuilderContainer, systemd: boolean): [string, ...string[]] {
  const { tree, seed } = builder;
  const boot = ["sh", "-c", BOOT, "boot", tree.root, seed, ...nspawnArgv(builder)];
  // the outer process is also in the network namespace, so others can enter it by its pid
  const outer = ["unshare", "--net", ...isolated("--mount-proc")];
  return inOwnCgroup(builder, systemd, [...outer, ...tree.around(boot)]);
}

function nspawnArgv({ id, tree, resolver }: BuilderContainer): string[] {
  return [
    ...["systemd-nspawn", "--quiet", "--boot", `--directory=${tree.root}`],
    ...[`--machine=${id}`, "--hostname=builder"],
    ...["--register=no", "--keep-unit", "--settings=no", "--link-journal=no"],
    ...["--resolv-conf=off", "--timezone=off", "--console=read-only"],
    "--suppress-sync=yes", // this machine reads the tree afterwards, so nothing has to be synced to disk
    "--capability=CAP_NET_ADMIN",
    `--bind-ro=${bindPath(resolver)}:/run/systemd/resolved.conf.d/builder.conf`,
    ...[...MEANINGLESS, "systemd-networkd-wait-online.service"].map((unit) => `systemd.mask=${unit}`),
  ];
}

/** The command that starts the network of a builder. `pid`: a process in its network namespace. */
export function slirpArgv(pid: number): [string, ...string[]] {
  const options = ["--configure", "--mtu=65520", "--disable-host-loopback", "--netns-type=path"];
  return ["setpriv", "--pdeathsig", "KILL", "slirp4netns", ...options, `/proc/${pid}/ns/net`, "tap0"];
}

/** Wraps a command to run in the builder's network, where its sshd listens. */
export function inBuilderNetwork(pid: number, argv: readonly string[]): [string, ...string[]] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--", ...argv];
}

/** The seed with Packer's key. It does not configure the network, which is up before the container boots. */
export function builderSeed(metaData: MetaData): Record<string, string | Uint8Array> {
  return {
    ...seedFiles({ metaData, userData: "#cloud-config\n{}\n", network: [] }),
    "network-config": `${JSON.stringify({ network: { config: "disabled" } })}\n`,
  };
}
