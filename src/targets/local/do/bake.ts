import { createHash } from "node:crypto";
import { copyFile, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artefact } from "../../../compute/artefact.js";
import { buildFolder } from "../../../compute/image/build-folder.js";
import type { Mirrors } from "../../../compute/image/locked-archives.js";
import { pinnedSources, type SourceName } from "../../../compute/image/pinned-sources.js";
import { localImageName } from "../compute/packer-source.js";
import type { PackerDialect } from "../../../compute/image/packer-dialect.js";
import type { BakeStep } from "../../../compute/image/provisioners.js";
import { baseSpec, type DebianRelease } from "../../../compute/local/base-spec.js";
import { seedFiles } from "../../../compute/local/seed.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import { baseName, isAmi } from "../../../understand/settings/base.js";
import { readAdditions } from "../../../do/additions.js";
import { imageSources } from "../../../do/assets.js";
import { fileDigest } from "../../../do/local/content-digest.js";
import { hostPaths } from "../../../do/local/paths.js";
import { ensureSshKey, type SshKey } from "../../../do/local/ssh-key.js";
import type { Talk } from "../../../do/local/talk.js";
import { removeFolder, writeFiles } from "../../../do/write-files.js";
import { buildNatively } from "../../../do/bake/builds.js";
import {
  storedImage,
  imagesFolder,
  newImage,
  writeManifest,
  type ImageContents,
  type Manifest,
  type StoredImage,
} from "../../../do/bake/image-store.js";
import { packerDialect } from "../../../do/bake/packer.js";
import type { HeldBake } from "../../../do/bake/held-bake.js";
import { answerWithSbom, writeLock } from "../../../do/bake/lock-file.js";
import { fetchSource, type SourceArchive } from "../../../do/bake/sources.js";
import { archivesBeyondBase } from "./archives.js";
import { madeBase, ownBase, type BakeBase } from "./base.js";
import type { BuilderChoice } from "./bake-tools.js";
import { builderFor, type Builder, type Ingredients } from "./builders.js";

/** A baked image that is not yet in its final folder. */
export interface BakedImage {
  folder: string;
  manifest: Omit<Manifest, "seconds">;
  keep: () => Promise<string>;
}

/** Writes the manifest with all durations, and moves the image to its final folder. */
export async function storeImage(baked: BakedImage, seconds: Manifest["seconds"]): Promise<StoredImage> {
  const manifest: Manifest = { ...baked.manifest, seconds };
  await writeManifest(baked.folder, manifest);
  return { path: join(await baked.keep(), localImageName), manifest };
}

/** The bake of a local image in parts. They run in this order, and each keeps what later parts need. */
export class LocalBake {
  readonly #fleet: Fleet;
  readonly #fleetFile: string;
  readonly #talk: Talk;
  readonly #built = new Map<SourceName, { source: SourceArchive; archive: string }>();
  #base: BakeBase | undefined;
  #archive: unknown = null;
  #builder: Builder | undefined;
  #dialect: PackerDialect = "1.6";

  /** `held`: the bake with the packages of a lock file. */
  constructor(
    fleet: Fleet,
    fleetFile: string,
    talk: Talk,
    private readonly held?: HeldBake,
  ) {
    if (isAmi(fleet.image.base)) {
      throw new UserError(
        `image.base is ${baseName(fleet.image.base)}: an AMI cannot be the base of a local image`,
        {
          hint: "set image.base to debian-13 or debian-12, or to a cloud image of your own, or bake with --target ec2",
        },
      );
    }
    this.#fleet = fleet;
    this.#fleetFile = fleetFile;
    this.#talk = talk;
  }

  get #spec() {
    return this.#specFrom(this.held?.mirrors);
  }

  /** `mirrors`: mirrors to use instead of others. */
  #specFrom(mirrors: Mirrors = new Map()) {
    const { base, debian_mirror, debian_security_mirror, targets } = this.#fleet.image;
    return baseSpec({
      release: typeof base === "string" ? (base as DebianRelease) : this.#baseOfBake().release,
      mirror: mirrors.get(debian_mirror) ?? debian_mirror,
      securityMirror: mirrors.get(debian_security_mirror) ?? debian_security_mirror,
      diskMiB: targets.local.disk_size * 1024,
      ...(this.held === undefined ? {} : { held: this.held.base }),
    });
  }

  /** Prepares the base, and reads the state of archives that is not part of its key. */
  async prepareBase(): Promise<void> {
    this.#dialect = await packerDialect();
    this.#base = await this.#findBase();
    this.#archive = await archivesBeyondBase(this.#fleet.image, this.#spec, this.#talk);
  }

  async #findBase(): Promise<BakeBase> {
    const { base } = this.#fleet.image;
    if (typeof base === "string") return madeBase(this.#spec, this.#specFrom(), this.#talk);
    const held = this.held === undefined ? {} : { held: this.held.base.base };
    const diskMiB = this.#fleet.image.targets.local.disk_size * 1024;
    return ownBase(base, dirname(this.#fleetFile), { diskMiB, ...held, talk: this.#talk });
  }

  /** Chooses the builder, and prepares what it needs. */
  async prepareBuilder(wanted: BuilderChoice): Promise<void> {
    this.#builder = await builderFor(wanted, this.#fleet.image, this.#baseOfBake(), this.#talk);
    await this.#builder.prepare();
  }

  /** The steps of the bake, in order. */
  async steps(): Promise<BakeStep[]> {
    return (this.#builder ?? missing("builder")).steps(this.#layer());
  }

  /** Software to build from source for this image. */
  get toBuild(): SourceName[] {
    return Object.keys(pinnedSources(this.#fleet.image)) as SourceName[];
  }

  async build(name: SourceName): Promise<void> {
    const { cache } = hostPaths();
    const sources = pinnedSources(this.#fleet.image);
    const wanted = sources[name] ?? missing(name);
    const pinned = this.held?.source(name, wanted) ?? wanted;
    const source = await fetchSource(name, pinned, dirname(this.#fleetFile), cache);
    this.held?.checkSource(name, source);
    const archive = await buildNatively(name, source, this.#spec, { talk: this.#talk });
    this.#built.set(name, { source, archive });
  }

  /** A hash of the bake's inputs: the same inputs give the same image. */
  key(): string {
    const hash = createHash("sha256");
    for (const { path, content } of this.#folder()) hash.update(`${path}\0`).update(content).update("\0");
    hash.update(`${this.#baseOfBake().key}\0${JSON.stringify(this.#archive)}\0`);
    for (const [name, { source }] of this.#built) hash.update(`${name}=${source.pin}`);
    return hash.digest("hex").slice(0, 16);
  }

  /** The finished image, if it was baked before. */
  existing(): Promise<StoredImage | undefined> {
    return storedImage(join(imagesFolder(this.#fleet.name), this.key()));
  }

  /** Runs Packer in a new folder. After a failure or `signal` only the log stays; the error names it. */
  async bake(onStep: (script: string) => void, signal: AbortSignal): Promise<BakedImage> {
    const builder = this.#builder ?? missing("builder");
    const { work, product, keep, drop } = await newImage(this.#fleet.name, this.key());
    try {
      const log = join(imagesFolder(this.#fleet.name), `bake-${this.key()}.log`);
      await rm(log, { force: true });
      const key = await this.#prepareWork(work);
      const variables = { ssh_private_key_file: key.file, seed_directory: "seed" };
      const base = this.#madeOf;
      const sources = new Map([...this.#built].map(([name, { source }]) => [name, source]));
      const onListed = () => answerWithSbom(work, { base, sources });
      const run = { folder: work, variables, log, onListed, onStep, signal };
      const made = await builder.bake({ ...this.#layer(), publicKey: key.publicKey, run });
      signal.throwIfAborted();
      const contents = JSON.parse(
        await readFile(join(work, "output", "contents.json"), "utf8"),
      ) as ImageContents;
      const lock = await writeLock(work, product, { base, sources });
      this.held?.check(lock, this.#talk);
      const image = join(product, localImageName);
      await rename(made, image);
      await rename(log, join(product, "bake.log"));
      await removeFolder(work);
      return { folder: product, manifest: await this.#manifest(image, contents, builder), keep };
    } catch (error) {
      await drop();
      throw error;
    }
  }

  #folder(): Artefact[] {
    const added = readAdditions(this.#fleet.image, this.#fleetFile);
    const locked = this.held?.files ?? [];
    return buildFolder(this.#fleet, { ...imageSources(), added, locked }, this.#dialect);
  }

  #baseOfBake(): BakeBase {
    return this.#base ?? missing("base");
  }

  get #madeOf() {
    const { name, id } = this.#baseOfBake();
    return { name, id };
  }

  #layer(): Ingredients {
    return {
      image: this.#fleet.image,
      spec: this.#spec,
      base: this.#baseOfBake(),
      archive: this.#archive,
      folder: this.#folder(),
      sources: Object.fromEntries([...this.#built].map(([name, { archive }]) => [name, archive])),
      dialect: this.#dialect,
      talk: this.#talk,
    };
  }

  /** Writes the build folder, its sources, and the seed with Packer's key. Returns the key. */
  async #prepareWork(work: string): Promise<SshKey> {
    await writeFiles(work, this.#folder());
    for (const [name, { archive }] of this.#built)
      await copyFile(archive, join(work, "sources", `${name}-built.tar.gz`));
    const key = await ensureSshKey(join(work, "key"), "sip-proxy bake");
    const seed = seedFiles({
      metaData: { instanceId: `bake-${this.key()}`, hostname: "builder", publicKeys: [key.publicKey] },
      userData: "#cloud-config\n{}\n",
      network: [],
    });
    const wanted = Object.entries(seed).filter(([name]) => name !== "network-config");
    await writeFiles(
      work,
      wanted.map(([name, content]) => ({ path: `seed/${name}`, content: Buffer.from(content) })),
    );
    return key;
  }

  async #manifest(
    file: string,
    contents: ImageContents,
    { kind, accelerator }: Builder,
  ): Promise<Omit<Manifest, "seconds">> {
    return {
      fleet: this.#fleet.name,
      target: "local",
      key: this.key(),
      image: { file: localImageName, bytes: (await stat(file)).size, sha256: await fileDigest(file) },
      base: this.#madeOf,
      packer: this.#dialect,
      builder: kind,
      ...(accelerator === undefined ? {} : { accelerator }),
      sources: Object.fromEntries([...this.#built].map(([name, { source }]) => [name, source.pin])),
      contents,
      bakedAt: new Date().toISOString(),
    };
  }
}

function missing(what: string): never {
  throw new Error(`${what} is missing: the bake's parts were run out of order`);
}
