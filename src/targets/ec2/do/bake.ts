import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artefact } from "../../../compute/artefact.js";
import { buildFolder } from "../../../compute/image/build-folder.js";
import type { PackerDialect } from "../../../compute/image/packer-dialect.js";
import { amisOf } from "../compute/packer-manifest.js";
import { pinnedSources, type SourceName } from "../../../compute/image/pinned-sources.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Image } from "../../../understand/fleet.js";
import { baseName } from "../../../understand/settings/base.js";
import { readAdditions } from "../../../do/additions.js";
import { imageSources } from "../../../do/assets.js";
import type { Aws } from "./aws.js";
import { findBase, type BaseAmi } from "./base-ami.js";
import { completeBuilder } from "./builder.js";
import { hostPaths } from "../../../do/local/paths.js";
import type { Talk } from "../../../do/local/talk.js";
import { withTemporaryFolder } from "../../../do/temporary-folder.js";
import { writeFiles } from "../../../do/write-files.js";
import { finishAmis, findAmis, isFinished } from "./bake-finish.js";
import { manifestFromAws } from "./bake-manifest.js";
import {
  imagesFolder,
  readManifest,
  writeManifest,
  type BakedAmis,
  type ImageContents,
  type Manifest,
  type StoredManifest,
} from "../../../do/bake/image-store.js";
import { packerArgv, packerBuild, packerDialect } from "../../../do/bake/packer.js";
import { packerEnvironment } from "./packer-environment.js";
import type { HeldBake } from "../../../do/bake/held-bake.js";
import { answerWithSbom, writeLock } from "../../../do/bake/lock-file.js";
import { fetchSource, type SourceArchive } from "../../../do/bake/sources.js";

/** The bake of an AMI in parts. They run in this order, and each keeps what later parts need. */
export class Ec2Bake {
  readonly #ec2: NonNullable<Image["targets"]["ec2"]>;
  readonly #sources = new Map<SourceName, SourceArchive>();
  #base: BaseAmi | undefined;
  #dialect: PackerDialect = "1.6";

  constructor(
    private readonly aws: Aws,
    private readonly fleet: Fleet,
    private readonly fleetFile: string,
    private readonly talk: Talk,
    private readonly held?: HeldBake,
  ) {
    const { ec2 } = fleet.image.targets;
    if (!ec2) {
      throw new UserError("the fleet file has no image.targets.ec2", {
        hint: "add under image: targets: { ec2: { region: eu-west-1 } }",
      });
    }
    this.#ec2 = ec2;
  }

  async prepareBase(): Promise<void> {
    this.#dialect = await packerDialect();
    const base = this.held?.lock.base.id ?? baseName(this.fleet.image.base);
    this.#base = await findBase(this.aws, base, this.fleet.image.architecture, this.#ec2);
  }

  /** Sources to upload; software is built from them on the builder. */
  get toFetch(): SourceName[] {
    return Object.keys(pinnedSources(this.fleet.image)) as SourceName[];
  }

  async fetch(name: SourceName): Promise<void> {
    const { cache } = hostPaths();
    const sources = pinnedSources(this.fleet.image);
    const wanted = sources[name] ?? missing(name);
    const pinned = this.held?.source(name, wanted) ?? wanted;
    const archive = await fetchSource(name, pinned, dirname(this.fleetFile), cache);
    this.held?.checkSource(name, archive);
    this.#sources.set(name, archive);
  }

  /** A hash of the bake's inputs: the same inputs give the same image. */
  key(): string {
    const hash = createHash("sha256").update(`ec2 ${this.aws.region} ${this.#baseAmi().id}\0`);
    for (const { path, content } of this.#folder()) hash.update(`${path}\0`).update(content).update("\0");
    for (const [name, { pin }] of this.#sources) hash.update(`${name}=${pin}`);
    return hash.digest("hex").slice(0, 16);
  }

  /** The image if it was baked before and its AMIs still exist. An unfinished one is finished now. */
  async existing(): Promise<StoredManifest | undefined> {
    const folder = join(imagesFolder(this.fleet.name), this.key());
    const manifest = (await readManifest(folder)) ?? (await this.#adopt(folder));
    if (!manifest || !("amis" in manifest.image)) return undefined;
    const amis = await findAmis(this.aws, manifest.image.amis);
    if (!amis) return undefined;
    if (!amis.every(isFinished)) await this.finish(manifest as Manifest & BakedAmis);
    return { folder, manifest };
  }

  /** The manifest of an image that was baked from the same inputs on another machine. */
  async #adopt(folder: string): Promise<Manifest | undefined> {
    const regions = [this.aws.region, ...this.#ec2.ami_regions];
    const manifest = await manifestFromAws(this.aws, this.fleet.name, this.key(), [...new Set(regions)]);
    if (manifest && !this.aws.isDryRun) await writeManifest(folder, manifest);
    return manifest;
  }

  /** Packer's command line and variables. */
  packerCommand(): { argv: readonly string[]; variables: Record<string, string> } {
    const variables = this.#variables();
    return { argv: packerArgv({ only: "amazon-ebs.ec2", variables }), variables };
  }

  /** Runs Packer in a new folder. After a failure or `signal` only the log stays; the error names it. */
  async bake(onStep: (script: string) => void, signal: AbortSignal): Promise<BakedAmis> {
    const images = imagesFolder(this.fleet.name);
    const log = join(images, this.key(), "bake.log");
    await mkdir(dirname(log), { recursive: true });
    await rm(log, { force: true });
    return withTemporaryFolder(images, (work) => this.#bakeIn(work, log, onStep, signal));
  }

  async #bakeIn(
    work: string,
    log: string,
    tellStep: (script: string) => void,
    signal: AbortSignal,
  ): Promise<BakedAmis> {
    await this.#prepareWork(work);
    const env = await packerEnvironment(this.aws, (line) => this.talk.warn(line));
    const variables = this.#variables();
    const onStep = (script: string) => {
      tellStep(script);
      if (this.#dialect === "1.6" && script === "wait-for-cloud-init.sh") this.#completeBuilder();
    };
    const onListed = () => answerWithSbom(work, this.#madeOf());
    await packerBuild(
      { folder: work, only: "amazon-ebs.ec2", variables, env, log, onListed, onStep, signal },
      this.#dialect,
    );
    return this.#manifest(work);
  }

  /** Writes the manifest before later steps: if one of them fails, the next run finds the AMIs and finishes them. */
  async store(baked: BakedAmis, seconds: Manifest["seconds"]): Promise<StoredManifest> {
    const folder = join(imagesFolder(this.fleet.name), this.key());
    const manifest: Manifest = { ...baked, seconds };
    await writeManifest(folder, manifest);
    return { folder, manifest };
  }

  /** Sets version tags, IMDSv2, sharing and deprecation, and publishes the contents. */
  async finish(baked: BakedAmis): Promise<void> {
    await finishAmis(this.aws, this.fleet, this.#ec2, baked, this.talk);
  }

  #folder(): Artefact[] {
    const added = readAdditions(this.fleet.image, this.fleetFile);
    const locked = this.held?.files ?? [];
    return buildFolder(this.fleet, { ...imageSources(), added, locked }, this.#dialect);
  }

  #baseAmi(): BaseAmi {
    return this.#base ?? missing("base AMI");
  }

  #variables(): Record<string, string> {
    const { id, rootDevice } = this.#baseAmi();
    const endpoint = process.env["AWS_ENDPOINT_URL_EC2"] || process.env["AWS_ENDPOINT_URL"];
    return {
      region: this.aws.region,
      source_ami: id,
      root_device: rootDevice,
      build_key: this.key(),
      ...(endpoint ? { ec2_endpoint: endpoint } : {}),
    };
  }

  async #prepareWork(work: string): Promise<void> {
    await writeFiles(work, this.#folder());
    await mkdir(join(work, "output"));
    for (const [name, { file }] of this.#sources)
      await copyFile(file, join(work, "sources", `${name}.tar.gz`));
  }

  /** Makes the calls to the builder that the old dialect has no options for. An error only warns, because the builder serves no calls. */
  #completeBuilder(): void {
    completeBuilder(this.aws, this.fleet.name, this.key()).catch((error: unknown) =>
      this.talk.warn(
        `the builder's metadata service still answers version 1, or its security group has no tags: ${String(error)}`,
      ),
    );
  }

  /** Writes the lock file to the manifest's folder. Differences from a given lock file only warn, because the AMI exists already. */
  async #lock(work: string): Promise<void> {
    const folder = join(imagesFolder(this.fleet.name), this.key());
    const made = await writeLock(work, folder, this.#madeOf());
    this.held?.tell(made, this.talk);
  }

  #madeOf() {
    const { name, id } = this.#baseAmi();
    return { base: { name, id }, sources: this.#sources };
  }

  async #manifest(work: string): Promise<BakedAmis> {
    const output = (name: string) => readFile(join(work, "output", name), "utf8");
    const base = this.#baseAmi();
    await this.#lock(work);
    return {
      fleet: this.fleet.name,
      target: "ec2",
      key: this.key(),
      image: { amis: amisOf(await output("packer-manifest.json")) },
      base: { name: base.name, id: base.id },
      packer: this.#dialect,
      sources: Object.fromEntries([...this.#sources].map(([name, { pin }]) => [name, pin])),
      contents: JSON.parse(await output("contents.json")) as ImageContents,
      bakedAt: new Date().toISOString(),
    };
  }
}

function missing(what: string): never {
  throw new Error(`${what} is missing: the bake's parts were run out of order`);
}
