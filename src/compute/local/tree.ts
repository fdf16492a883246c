import { posix } from "node:path";

/** A folder that is the root of a system, as a command that works in it finds it. */
export interface Tree {
  /** Absolute. */
  root: string;
  /** The command, run where the tree is at `root`; in a mount namespace of its own when there are layers. */
  around: (command: readonly string[]) => [string, ...string[]];
}

export function plainTree(root: string): Tree {
  return { root, around: (command) => [...command] as [string, ...string[]] };
}

/** Folders beside `root` in the folder of a layered tree. */
export const LAYER_FOLDERS = ["lower", "upper", "work", "root"] as const;

/** Paths of overlayfs are relative: in its options commas and colons have a meaning. */
const MOUNT_LAYERS = `set -eu
cd "$2"
mount --bind -- "$1" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root
shift 2
exec "$@"
`;

/** A tree, which stays as it is, under the changes that `folder` holds (LAYER_FOLDERS are there). */
export function layeredTree(lower: string, folder: string): Tree {
  const mount = [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    MOUNT_LAYERS,
    "layers",
  ] as const;
  return {
    root: posix.join(folder, "root"),
    around: (command) => [...mount, lower, folder, ...command],
  };
}
