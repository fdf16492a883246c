import type { BaseSpec, DebianRelease } from "../../../compute/local/base-spec.js";
import { assembleDisk, type DiskInput } from "../../../do/local/assemble-disk.js";
import { ensureBaseImage } from "../../../do/local/base-image.js";
import { ensureBaseTree, isMadeAlike } from "../../../do/local/base-tree.js";
import { ensureCloudImage } from "../../../do/local/cloud-image.js";
import { ensureOwnTree, fillOwnDisk } from "../../../do/local/own-disk.js";
import type { Talk } from "../../../do/local/talk.js";
import { UserError } from "../../../errors.js";
import { baseName, type CloudImage } from "../../../understand/settings/base.js";

/** What an image is baked from: a Debian that was made here, or a cloud image of the user's own. */
export interface BakeBase {
  /** What lock file and manifest call it. */
  name: string;
  /** Names its content. */
  key: string;
  /** What lock file and manifest call it: the key, or that of an equal base which a lock file names. */
  id: string;
  /** Begins the names of what is kept of its bakes. */
  label: string;
  release: DebianRelease;
  /** The kernel alone, for trying an accelerator. */
  kernel: string;
  /** A qcow2 to boot. */
  disk: () => Promise<{ path: string; sha256: string }>;
  /** Its files, as tar. */
  tree: () => Promise<string>;
  /** Makes a disk like its own of a tree that has come of it: a qcow2 in the scratch folder. */
  fill: (input: Omit<DiskInput, "epoch" | "identity">) => Promise<string>;
}

/** A base that sip-proxy makes of Debian's packages; `usual`: by the names of the mirrors that the image has. */
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
    // the filesystem's identity is the base's, as it is when a VM works on the base's disk
    fill: (input) => assembleDisk({ ...input, epoch, identity: id }, talk),
  };
}

/** Of the same packages and made alike, it is the base of the lock file, whatever mirror they came from. */
export function idOf(key: string, usual: BaseSpec): string {
  const held = usual.held?.base;
  return held !== undefined && isMadeAlike(held, usual) ? held : key;
}

/**
 * A cloud image; `from`: the folder that its path is relative to. Throws UserError where the image's disk would not hold it, or a lock
 * file (`held`: the base's key there) names another one.
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
