import { posix } from "node:path";

/** The root folder of a system, with a way to run commands in it. */
export interface Tree {
  /** Absolute. */
  root: string;
  /** Wraps a command so that the tree is at `root`; with layers, in a separate mount namespace. */
  around: (command: readonly string[]) => [string, ...string[]];
}

export function plainTree(root: string): Tree {
  return { root, around: (command) => [...command] as [string, ...string[]] };
}

/** Folders beside `root` in the folder of a layered tree. */
export const LAYER_FOLDERS = ["lower", "upper", "work", "root"] as const;

/** Paths for overlayfs are relative, because commas and colons have a meaning in its options. */
const MOUNT_LAYERS = `set -eu
cd "$2"
mount --bind -- "$1" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root
shift 2
exec "$@"
`;

/** A tree that is not changed (`lower`), with a layer of changes in `folder`, where LAYER_FOLDERS exist. */
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
