import { ROOT_NUMBER } from "./cloud-image.js";
import { FIRST_SECTOR, SECTOR } from "./disk-layout.js";

/** One systemd-nspawn container that boots a disk image. Paths are absolute. */
export interface Container {
  engine: "container";
  name: string;
  /** Its unique name on this machine, among all fleets: name of its cgroup, and an argument that identifies its process. */
  id: string;
  /** A raw disk with the root filesystem: the read-only lower layer under the container's changes. */
  disk: string;
  /** The folder of the container: its changes and its mount points. */
  folder: string;
  /** Folder with the NoCloud seed. */
  seed: string;
  /** File for the output of the guest's console. */
  console: string;
  pidfile: string;
  /** The container's network namespace, made by `ip netns add`. */
  namespace: string;
  /** The network namespace from which it is reachable; undefined: this machine's. */
  netns?: string;
}

/** Name of the container's network interface. netplan can match a veth only by name: a veth has no permanent MAC address. */
export const CONTAINER_NIC = "eth0";

/** Units without a use in a container. They are masked by arguments: PID 1 of a container reads these like a kernel command line. */
export const MEANINGLESS = ["systemd-remount-fs.service", "console-getty.service"];

/** Folders inside a container's folder: the image's filesystem, the container's changes, overlayfs' work folder, the merged tree. */
export const TREE_FOLDERS = { lower: "lower", upper: "upper", work: "work", root: "root" } as const;

const { lower, upper, work, root } = TREE_FOLDERS;

/**
 * Runs in a new mount namespace. $1: the disk; $2: the container's folder; then the command that works in the tree. All mounts, and the
 * loop device, end with the command. Paths for overlayfs are relative, because commas and colons have a meaning in its options.
 */
const MOUNT_TREE = `set -eu
disk=$1
cd "$2"
shift 2
start=$(partx -g -o START -n ${ROOT_NUMBER} -- "$disk") || start=${FIRST_SECTOR}
mount -o ro,loop,offset=$((start * ${SECTOR})) -- "$disk" ${lower}
mount -t overlay -o lowerdir=${lower},upperdir=${upper},workdir=${work} overlay ${root}
exec "$@"
`;

/** Wraps a command so that the merged tree is at `root` in its working directory, which is the container's folder. */
export function inTree(
  { disk, folder }: Pick<Container, "disk" | "folder">,
  command: readonly string[],
): [string, ...string[]] {
  const unshare = ["unshare", "--mount", "--propagation", "private"] as const;
  return [...unshare, "sh", "-c", MOUNT_TREE, "tree", disk, folder, ...command];
}

/** Mount points of cgroups with cgroup v2, with both versions, and with v1 only. */
export const CGROUP_ROOTS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"] as const;

/**
 * $1: the container's id; $2: its pid file. Containers must not share a cgroup: systemd in one would treat services of the other as its
 * own.
 */
const OWN_CGROUP = `set -eu
id=$1
echo $$ > "$2"
shift 2
for hierarchy in ${CGROUP_ROOTS.join(" ")}; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir -p "$hierarchy/$id"
  echo $$ > "$hierarchy/$id/cgroup.procs"
done
exec "$@"
`;

/** The same if PID 1 is systemd, which manages cgroups. A scope outlives the login session that starts it. */
const OWN_SCOPE = `set -eu
id=$1
echo $$ > "$2"
shift 2
exec systemd-run --quiet --scope --collect --slice=machine.slice --property=Delegate=yes --unit="$id" -- "$@"
`;

/** The cgroups of a container's processes. */
export function cgroupsOf(id: string): string[] {
  return CGROUP_ROOTS.flatMap((root_) => [`${root_}/${id}`, `${root_}/machine.slice/${id}.scope`]);
}

/**
 * The container's command line. Every part replaces itself (exec) by the next, so the started process becomes nspawn.
 * `systemd`: PID 1 of this machine is systemd. `initArgs`: more arguments for the container's PID 1.
 */
export function containerArgv(
  container: Container,
  { systemd, initArgs = [] }: { systemd: boolean; initArgs?: readonly string[] },
): [string, ...string[]] {
  // enters the network namespace before nspawn: with --network-namespace-path, systemd 252 shows the /sys of another namespace
  const inNamespace = ["nsenter", `--net=/run/netns/${container.namespace}`];
  const tree = inTree(container, [...nspawnArgv(container), ...initArgs]);
  return inOwnCgroup(container, systemd, [...inNamespace, ...tree]);
}

/** Wraps a command to run in a new cgroup, with its pid in a file. `systemd`: PID 1 of this machine is systemd. */
export function inOwnCgroup(
  { id, pidfile }: Pick<Container, "id" | "pidfile">,
  systemd: boolean,
  command: readonly string[],
): [string, ...string[]] {
  return ["sh", "-c", systemd ? OWN_SCOPE : OWN_CGROUP, "cgroup", id, pidfile, ...command];
}

function nspawnArgv({ id, name, seed }: Container): string[] {
  return [
    ...["systemd-nspawn", "--quiet", "--boot", `--directory=${root}`],
    ...[`--machine=${id}`, `--hostname=${name}`],
    // works without machined and D-Bus, and without settings of this machine
    ...["--register=no", "--keep-unit", "--settings=no", "--link-journal=no"],
    ...["--resolv-conf=off", "--timezone=off"],
    "--capability=CAP_NET_ADMIN", // for the guest's packet filter
    "--console=read-only",
    `--bind-ro=${bindPath(seed)}:/var/lib/cloud/seed/nocloud`,
    ...MEANINGLESS.map((unit) => `systemd.mask=${unit}`),
  ];
}

/** Escapes a path for nspawn's --bind, where colons are separators. */
export function bindPath(path: string): string {
  return path.replace(/[\\:]/g, "\\$&");
}

/** For nspawn: systemd 256 and later need cgroup v2, which also exists on machines with v1. */
export const NSPAWN_ENVIRONMENT = { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" };

/** Whether a process with these arguments belongs to the container, in any phase of its start. */
export function isContainerProcess({ id }: Container, argv: readonly string[]): boolean {
  return argv.includes(`--machine=${id}`);
}
