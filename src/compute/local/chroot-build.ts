import { isolated } from "./isolation.js";

/** The folder for inputs and outputs of a build script, inside the chroot. */
export const BUILD_FOLDER = "/build";

/**
 * A shell script that `unshare` runs as the first process of new mount, pid, ipc and uts namespaces (and a network namespace, unless $3 is
 * "network"). $1: the tree; $2: the work folder; $3: "network" or "alone". The build sees only the work folder and five device nodes of
 * this machine. All mounts end with the namespace.
 */
export const ENTER_CHROOT = `set -eu
mkdir -p "$1/proc" "$1/dev" "$1${BUILD_FOLDER}"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=755,size=64m tmpfs "$1/dev"
for node in null zero full random urandom; do
  : > "$1/dev/$node"
  mount --bind "/dev/$node" "$1/dev/$node"
done
ln -s /proc/self/fd "$1/dev/fd"
mkdir -m 1777 "$1/dev/shm"
mount --bind "$2" "$1${BUILD_FOLDER}"
if [ "$3" = network ]; then
  rm -f "$1/etc/resolv.conf"
  cat /etc/resolv.conf > "$1/etc/resolv.conf"
fi
cd "$1${BUILD_FOLDER}"
exec chroot "$1" /usr/bin/env -i \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=${BUILD_FOLDER} LC_ALL=C.UTF-8 TERM=dumb \\
  SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" JOBS="$(nproc)" INPUTS=${BUILD_FOLDER}/inputs OUTPUTS=${BUILD_FOLDER}/outputs \\
  sh -eu -c 'cd ${BUILD_FOLDER} && exec sh -eu script'
`;

/** `enter`: the file with ENTER_CHROOT. */
export function enterChrootArgv(
  enter: string,
  tree: string,
  work: string,
  network: boolean,
): [string, ...string[]] {
  const namespaces = isolated("--ipc", "--uts", ...(network ? [] : ["--net"]));
  return [...namespaces, "sh", enter, tree, work, network ? "network" : "alone"];
}
