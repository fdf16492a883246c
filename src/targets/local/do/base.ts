import type { BaseSpec, DebianRelease } from "../../../compute/local/base-spec.js";
import { assembleDisk, type DiskInput } from "../../../do/local/assemble-disk.js";
import { ensureBaseImage } from "../../../do/local/base-image.js";
import { ensureBaseTree, isMadeAlike } from "../../../do/local/base-tree.js";
import { ensureCloudImage } from "../../../do/local/cloud-image.js";
import { ensureOwnTree, fillOwnDisk } from "../../../do/local/own-disk.js";
import type { Talk } from "../../../do/local/talk.js";
import { UserError } from "../../../errors.js";
import { baseName, type CloudImage } from "../../../understand/settings/base.js";

/** The base of an image: a Debian system that is made on this machine, or the user's own cloud image. */
export interface BakeBase {
  /** Its name in the lock file and the manifest. */
  name: string;
  /** A hash of its content. */
  key: string;
  /** Its id in the lock file and the manifest: the key, or the key of an equal base in a given lock file. */
  id: string;
  /** Prefix for names of cache entries of its bakes. */
  label: string;
  release: DebianRelease;
  /** The kernel as a file, to test accelerators. */
  kernel: string;
  /** A qcow2 to boot. */
  disk: () => Promise<{ path: string; sha256: string }>;
  /** Its files, as tar. */
  tree: () => Promise<string>;
  /** Makes a disk, in the same layout, from a tree that was made from it: a qcow2 in the scratch folder. */
  fill: (input: Omit<DiskInput, "epoch" | "identity">) => Promise<string>;
}

/** A base that sip-proxy makes from Debian's packages. `usual`: the same with the image's usual mirrors. */
export async function madeBase(spec: BaseSpec, usual: BaseSpec, talk: Talk): Promise<BakeBase> {
  const { key, tar, kernel, epoch } = await ensureBaseTree(spec, { talk });
  const id = idOf(key, usual);
  return {
    ...{ name: spec.release, key, id, label: spec.release, release: spec.release, kernel },
    disk: async () => {
      const { disk, sha256 } = await ensureBaseImage(spec, { talk, identity: id });
      return { path: disk, sha256 };
    },
    tree: () => Promise.resolve(tar),
    // the filesystem has the identity of the base, as if a VM had changed the base's disk
    fill: (input) => assembleDisk({ ...input, epoch, identity: id }, talk),
  };
}

/** The id of a base: with the same packages, made in the same way, it is the base of the lock file, from whichever mirror. */
export function idOf(key: string, usual: BaseSpec): string {
  const held = usual.held?.base;
  return held !== undefined && isMadeAlike(held, usual) ? held : key;
}

/**
 * A cloud image as base. `from`: the folder to which its path is relative. Throws UserError if the image's disk is too small for it, or if
 * the lock file (`held`: the base's key there) has another base.
 */
export async function ownBase(
  base: CloudImage,
  from: string,
  { diskMiB, held, talk }: { diskMiB: number; held?: string; talk: Talk },
): Promise<BakeBase> {
  const image = await ensureCloudImage(base, from, { talk });
  const { sha256, disk: path, kernel, about } = image;
  const [name, key] = [baseName(base), `sha256-${sha256}`];
  if (about.diskMiB > diskMiB)
    throw new UserError(
      `image.base: the disk of ${name} has ${about.diskMiB} MiB, but the image's disk has only ${diskMiB} MiB`,
      {
        hint: `set image.targets.local.disk_size: ${Math.ceil(about.diskMiB / 1024)} or more`,
      },
    );
  if (held !== undefined && held !== key)
    throw new UserError(`image.base: the lock file is for the base ${held}, but ${name} is ${key}`, {
      hint: "use that base, or bake without --locked and keep the new lock file",
    });
  return {
    ...{ name, key, id: key, label: `own-${sha256.slice(0, 12)}`, release: about.release, kernel },
    disk: () => Promise.resolve({ path, sha256 }),
    tree: () => ensureOwnTree(image, { talk }),
    fill: (input) => fillOwnDisk(image, input, talk),
  };
}
