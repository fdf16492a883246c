import { ROOT_NUMBER } from "./cloud-image.js";
import { FIRST_SECTOR, SECTOR } from "./disk-layout.js";

/** One systemd-nspawn container that boots a disk image. Paths are absolute. */
export interface Container {
  engine: "container";
  name: string;
  /** What it is called on this machine, where names of several fleets meet: its cgroup, and the argument that tells its process. */
  id: string;
  /** A raw disk whose root filesystem lies, read-only, under the container's own changes. */
  disk: string;
  /** The folder of the container: its changes and its mount points. */
  folder: string;
  /** Folder with the NoCloud seed. */
  seed: string;
  /** Where what the guest writes to its console is put. */
  console: string;
  pidfile: string;
  /** The network namespace that is the container's alone, made by `ip netns add`. */
  namespace: string;
  /** The network namespace from which it is reached, where that is not the machine's own. */
  netns?: string;
}

/** The name of the container's network card. netplan finds a veth by its name only: it matches permanent addresses, of which a veth has none. */
export const CONTAINER_NIC = "eth0";

/** Units that mean nothing in a container; PID 1 of a container reads its arguments as the kernel's command line. */
export const MEANINGLESS = ["systemd-remount-fs.service", "console-getty.service"];

/** Folders inside a container's folder: the image's filesystem, the container's changes, overlayfs' own, and what they make together. */
export const TREE_FOLDERS = { lower: "lower", upper: "upper", work: "work", root: "root" } as const;

const { lower, upper, work, root } = TREE_FOLDERS;

/**
 * Run in a mount namespace of its own: $1 is the disk, $2 the container's folder, what follows the command that works in the tree. All mounts,
 * and the loop device, go with the command. Paths of overlayfs are relative: in its options commas and colons have a meaning.
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

/** A command that finds the disk's tree, with the changes of the folder, at `root` in that folder, which is its working directory. */
export function inTree(
  { disk, folder }: Pick<Container, "disk" | "folder">,
  command: readonly string[],
): [string, ...string[]] {
  const unshare = ["unshare", "--mount", "--propagation", "private"] as const;
  return [...unshare, "sh", "-c", MOUNT_TREE, "tree", disk, folder, ...command];
}

/** Where cgroups lie on machines with cgroup v2, with both, and with v1 alone. */
export const CGROUP_ROOTS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"] as const;

/**
 * $1 is the container's id, $2 its pid file. Containers must not share a cgroup: each one's systemd would take the other's services for
 * its own.
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

/** The same where systemd is PID 1, and cgroups are its own: a scope outlives the login that it is started from. */
const OWN_SCOPE = `set -eu
id=$1
echo $$ > "$2"
shift 2
exec systemd-run --quiet --scope --collect --slice=machine.slice --property=Delegate=yes --unit="$id" -- "$@"
`;

/** The cgroups in which the processes of a container are. */
export function cgroupsOf(id: string): string[] {
  return CGROUP_ROOTS.flatMap((root_) => [`${root_}/${id}`, `${root_}/machine.slice/${id}.scope`]);
}

/**
 * The program and its arguments; every part replaces itself by the next, so the process that is started is nspawn in the end.
 * `systemd`: this machine's PID 1 is systemd. `initArgs` are for the container's PID 1, beside those that every container gets.
 */
export function containerArgv(
  container: Container,
  { systemd, initArgs = [] }: { systemd: boolean; initArgs?: readonly string[] },
): [string, ...string[]] {
  // in its network namespace before nspawn starts: with --network-namespace-path systemd 252 shows the container the /sys of another one
  const inNamespace = ["nsenter", `--net=/run/netns/${container.namespace}`];
  const tree = inTree(container, [...nspawnArgv(container), ...initArgs]);
  return inOwnCgroup(container, systemd, [...inNamespace, ...tree]);
}

/** A command in a cgroup of its own, its pid in a file. `systemd`: this machine's PID 1 is systemd. */
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
    // neither machined nor a bus is needed, and nothing of this machine gets in
    ...["--register=no", "--keep-unit", "--settings=no", "--link-journal=no"],
    ...["--resolv-conf=off", "--timezone=off"],
    "--capability=CAP_NET_ADMIN", // for the guest's packet filter
    "--console=read-only",
    `--bind-ro=${bindPath(seed)}:/var/lib/cloud/seed/nocloud`,
    ...MEANINGLESS.map((unit) => `systemd.mask=${unit}`),
  ];
}

/** nspawn's bind mounts are separated by colons. */
export function bindPath(path: string): string {
  return path.replace(/[\\:]/g, "\\$&");
}

/** For nspawn: systemd 256 and later boot with cgroup v2 only, which is there on machines with v1 too. */
export const NSPAWN_ENVIRONMENT = { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" };

/** Whether a process with these arguments is the container's, at any moment of its start. */
export function isContainerProcess({ id }: Container, argv: readonly string[]): boolean {
  return argv.includes(`--machine=${id}`);
}
