import { pinnedSources } from "../../../compute/image/pinned-sources.js";
import type { Accelerator } from "../../../compute/local/accelerator.js";
import { hasKvmDevice } from "../../../do/local/accelerator.js";
import { AS_ROOT_TOOLS } from "../../../do/local/as-root.js";
import { DISK_TOOLS } from "../../../do/local/assemble-disk.js";
import { BOOTSTRAP_TOOLS } from "../../../do/local/bootstrap.js";
import { BUILDER_TOOLS, requireRoot } from "../../../do/local/builder.js";
import { CHROOT_TOOLS } from "../../../do/local/chroot.js";
import { CLOUD_IMAGE_TOOLS } from "../../../do/local/cloud-image.js";
import { OWN_DISK_TOOLS } from "../../../do/local/own-disk.js";
import { isoProgram } from "../../../do/local/seed-iso.js";
import { missingTools, refuseMissing, type Tool } from "../../../do/local/tools.js";
import type { Image } from "../../../understand/fleet.js";
import type { BakeOptions } from "../../target.js";

/** The requested builder. auto: a VM if KVM works, or else a container if this process is root, or else an emulated VM. */
export type BuilderChoice = NonNullable<BakeOptions["builder"]>;

type Builder = "vm" | "container";

const isRoot = () => process.getuid?.() === 0;

/** The tools of all steps of a bake. `xorriso`: whether this machine has it, which is used instead of genisoimage. */
export function bakeTools(
  image: Image,
  { builder, root, xorriso }: { builder: Builder; root: boolean; xorriso: boolean },
): Tool[] {
  const isMade = typeof image.base === "string";
  const sources = Object.values(pinnedSources(image));
  const ofContainer = isMade ? BUILDER_TOOLS : [...BUILDER_TOOLS, ...OWN_DISK_TOOLS];
  const ofVm = ["qemu-system-x86_64", "qemu-img", ...(xorriso ? [] : (["genisoimage"] as const))] as const;
  return [
    ...(["/usr/lib/apt/apt-helper", "packer", "setpriv", "ssh-keygen"] as const),
    ...(root ? [] : AS_ROOT_TOOLS),
    ...(sources.some((source) => "git" in source) ? (["git"] as const) : []),
    ...(sources.length > 0 ? [...BOOTSTRAP_TOOLS, ...CHROOT_TOOLS] : []),
    ...(isMade ? [...BOOTSTRAP_TOOLS, ...DISK_TOOLS] : CLOUD_IMAGE_TOOLS),
    ...(builder === "vm" ? ofVm : ofContainer),
  ];
}

async function missingFor(builder: Builder, image: Image): Promise<Tool[]> {
  const xorriso = (await isoProgram()) === "xorriso";
  return missingTools(bakeTools(image, { builder, root: isRoot(), xorriso }));
}

/** Throws UserError, before a bake begins, if tools for any of its steps are missing: each builder that it may use needs all of its tools. */
export async function requireBakeTools(wanted: BuilderChoice, image: Image): Promise<void> {
  if (wanted === "container") {
    requireRoot();
    return refuseMissing(await missingFor("container", image));
  }
  const inVm = await missingFor("vm", image);
  if (wanted === "vm" || !isRoot()) return refuseMissing(inVm);
  if (inVm.length > 0 || !(await hasKvmDevice())) await requireContainer(image, inVm);
}

/** Throws UserError if tools for the container builder are missing: `auto` does not use an emulated VM instead, which takes many times as long. */
async function requireContainer(image: Image, missingInVm: readonly Tool[]): Promise<void> {
  const otherwise = missingInVm.length > 0 ? undefined : "bake in an emulated VM (slow): --builder vm";
  refuseMissing(await missingFor("container", image), otherwise);
}

/** Chooses the builder, after requireBakeTools. Tests KVM only if the choice depends on it. */
export async function chooseBuilder(
  wanted: BuilderChoice,
  image: Image,
  accelerator: () => Promise<Accelerator>,
): Promise<"container" | Accelerator> {
  if (wanted === "container") return wanted;
  if (wanted === "vm" || !isRoot()) return accelerator();
  if ((await missingFor("vm", image)).length > 0) return "container";
  const found = await accelerator();
  if (found === "kvm") return found;
  await requireContainer(image, []);
  return "container";
}
