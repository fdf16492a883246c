import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Artefact } from "../../../compute/artefact.js";
import type { PackerDialect } from "../../../compute/image/packer-dialect.js";
import { bakeParts, builderSteps, finishStep, type BakeStep } from "../../../compute/image/provisioners.js";
import type { BaseSpec } from "../../../compute/local/base-spec.js";
import { compressArgv } from "../../../compute/local/disk-layout.js";
import { findAccelerator } from "../../../do/local/accelerator.js";
import { LAYER_FOLDERS, layeredTree } from "../../../compute/local/tree.js";
import { withBuilder } from "../../../do/local/builder.js";
import type { Talk } from "../../../do/local/talk.js";
import { packerBuild, type PackerBuild } from "../../../do/bake/packer.js";
import { run } from "../../../do/process.js";
import type { Image } from "../../../understand/fleet.js";
import { localImageName } from "../compute/packer-source.js";
import { chooseBuilder, type BuilderChoice } from "./bake-tools.js";
import type { BakeBase } from "./base.js";
import { ensurePackages, hasPackages, keepStep } from "./packages.js";

/** The inputs of an image. */
export interface Ingredients {
  image: Image;
  spec: BaseSpec;
  base: BakeBase;
  /** The state of archives other than the base's. */
  archive: unknown;
  /** The build folder's files. */
  folder: readonly Artefact[];
  /** Archives of software built from source, by name. */
  sources: Readonly<Record<string, string>>;
  dialect: PackerDialect;
  talk: Talk;
}

/** The inputs of a bake. */
export interface BuildJob extends Ingredients {
  /** The key with which Packer logs in. */
  publicKey: string;
  /** Options for Packer without the source. Its folder is the build folder. */
  run: Omit<PackerBuild, "only">;
}

/** The system in which Packer's scripts run, and from which the image is made. */
export interface Builder {
  kind: "vm" | "container";
  /** For a VM: kvm or tcg. */
  accelerator?: string;
  /** Makes the system to start from. */
  prepare: () => Promise<unknown>;
  steps: (of: Ingredients) => Promise<BakeStep[]>;
  /** Bakes, and returns the image's file in the build folder. */
  bake: (job: BuildJob) => Promise<string>;
}

/** The builder for this machine. */
export async function builderFor(
  wanted: BuilderChoice,
  image: Image,
  base: BakeBase,
  talk: Talk,
): Promise<Builder> {
  const chosen = await chooseBuilder(wanted, image, () => findAccelerator(base.kernel, { talk }));
  return chosen === "container" ? containerBuilder : vmBuilder(chosen, base);
}

function vmBuilder(accelerator: string, base: BakeBase): Builder {
  return {
    kind: "vm",
    accelerator,
    prepare: () => base.disk(),
    steps: ({ image }) => Promise.resolve(builderSteps(image, "shutting down and compressing")),
    bake: (job) => bakeInVm(job, accelerator),
  };
}

async function bakeInVm({ run: order, base, dialect }: BuildJob, accelerator: string): Promise<string> {
  const { path, sha256 } = await base.disk();
  const variables = {
    ...order.variables,
    base_image: path,
    base_checksum: `sha256:${sha256}`,
    accelerator,
  };
  await packerBuild({ ...order, variables, only: "qemu.local" }, dialect);
  const disk = { path: join(order.folder, "output", localImageName), format: "qcow2" } as const;
  const image = join(order.folder, localImageName);
  await run({ argv: compressArgv(disk, image), signal: order.signal });
  await rm(disk.path);
  return image;
}

const containerBuilder: Builder = {
  kind: "container",
  prepare: () => Promise.resolve(),
  steps: async (of) => {
    const done = await hasPackages(of);
    const steps = builderSteps(of.image, "filling and compressing the disk");
    const lastOfPackages = steps.findLast(({ part }) => part === "packages")?.script;
    if (done) return steps.filter(({ part }) => part !== "packages");
    return steps.flatMap((step) => (step.script === lastOfPackages ? [step, keepStep] : [step]));
  },
  bake: bakeInContainer,
};

async function bakeInContainer(job: BuildJob): Promise<string> {
  const { run: order, spec, base, dialect, publicKey } = job;
  const scratch = join(order.folder, "disk");
  await mkdir(join(order.folder, "output"));
  await mkdir(scratch);
  const changes = join(scratch, "changes");
  for (const name of LAYER_FOLDERS) await mkdir(join(changes, name), { recursive: true });
  const tree = layeredTree(await ensurePackages(job), changes);
  const builder = { folder: join(order.folder, "container"), tree, publicKey };
  await withBuilder(builder, (inNetwork) =>
    packerBuild({ ...order, only: bakeParts.files, inNetwork }, dialect),
  );
  order.onStep(finishStep);
  const disk = await base.fill({ tree, signal: order.signal, scratch, diskMiB: spec.diskMiB });
  const image = join(order.folder, "output", localImageName);
  await rename(disk, image);
  return image;
}
