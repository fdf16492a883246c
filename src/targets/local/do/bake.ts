import { createHash } from "node:crypto";
import { copyFile, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Artefact } from "../../../compute/artefact.js";
import { buildFolder } from "../../../compute/image/build-folder.js";
import { pinnedSources, type SourceName } from "../../../compute/image/pinned-sources.js";
import { localImageName } from "../compute/packer-source.js";
import type { PackerDialect } from "../../../compute/image/packer-dialect.js";
import { baseSpec, type DebianRelease } from "../../../compute/local/base-spec.js";
import { seedFiles } from "../../../compute/local/seed.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import { imageSources } from "../../../do/assets.js";
import { findAccelerator } from "../../../do/local/accelerator.js";
import { ensureBaseImage, type BaseImage } from "../../../do/local/base-image.js";
import { fileDigest } from "../../../do/local/content-digest.js";
import { hostPaths } from "../../../do/local/paths.js";
import { ensureSshKey } from "../../../do/local/ssh-key.js";
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
import { packerBuild, packerDialect } from "../../../do/bake/packer.js";
import { fetchSource, type SourceArchive } from "../../../do/bake/sources.js";

/** An image that is made but not yet in its place. */
export interface BakedImage {
  folder: string;
  manifest: Omit<Manifest, "seconds">;
  keep: () => Promise<string>;
}

/** Writes the manifest, now that all times are known, and puts the image in its place. */
export async function storeImage(baked: BakedImage, seconds: Manifest["seconds"]): Promise<StoredImage> {
  const manifest: Manifest = { ...baked.manifest, seconds };
  await writeManifest(baked.folder, manifest);
  return { path: join(await baked.keep(), localImageName), manifest };
}

/** The bake of a local image, as parts that are run in this order; each keeps what the next ones need. */
export class LocalBake {
  readonly #fleet: Fleet;
  readonly #fleetFile: string;
  readonly #talk: Talk;
  readonly #built = new Map<SourceName, { source: SourceArchive; archive: string }>();
  #base: BaseImage | undefined;
  #dialect: PackerDialect = "1.6";

  constructor(fleet: Fleet, fleetFile: string, talk: Talk) {
    if (fleet.image.base.startsWith("ami-")) {
      throw new UserError(`image.base is ${fleet.image.base}: an AMI cannot be the base of a local image`, {
        hint: "set image.base to debian-13 or debian-12, or bake with --target ec2",
      });
    }
    this.#fleet = fleet;
    this.#fleetFile = fleetFile;
    this.#talk = talk;
  }

  get #spec() {
    const { base, debian_mirror, debian_security_mirror, targets } = this.#fleet.image;
    return baseSpec({
      release: base as DebianRelease,
      mirror: debian_mirror,
      securityMirror: debian_security_mirror,
      diskMiB: targets.local.disk_size * 1024,
    });
  }

  async prepareBase(): Promise<void> {
    this.#dialect = await packerDialect();
    this.#base = await ensureBaseImage(this.#spec, { talk: this.#talk });
  }

  /** What has to be built from source for this image. */
  get toBuild(): SourceName[] {
    return Object.keys(pinnedSources(this.#fleet.image)) as SourceName[];
  }

  async build(name: SourceName): Promise<void> {
    const { cache } = hostPaths();
    const sources = pinnedSources(this.#fleet.image);
    const source = await fetchSource(name, sources[name] ?? missing(name), dirname(this.#fleetFile), cache);
    const archive = await buildNatively(name, source, this.#spec, { talk: this.#talk });
    this.#built.set(name, { source, archive });
  }

  /** Names what would be baked: the same parts give the same image. */
  key(): string {
    const hash = createHash("sha256");
    for (const { path, content } of this.#folder()) hash.update(`${path}\0`).update(content).update("\0");
    hash.update(this.#baseImage().key);
    for (const [name, { source }] of this.#built) hash.update(`${name}=${source.pin}`);
    return hash.digest("hex").slice(0, 16);
  }

  /** The finished image, when it was baked before. */
  existing(): Promise<StoredImage | undefined> {
    return storedImage(join(imagesFolder(this.#fleet.name), this.key()));
  }

  /** Runs Packer in a folder of its own. A failure, or `signal`, leaves nothing but the log, which the error names. */
  async bake(onStep: (script: string) => void, signal: AbortSignal): Promise<BakedImage> {
    const { work, product, keep, drop } = await newImage(this.#fleet.name, this.key());
    try {
      const accelerator = await findAccelerator(this.#baseImage().kernel, { talk: this.#talk });
      const variables = await this.#prepareWork(work, accelerator);
      const log = join(imagesFolder(this.#fleet.name), `bake-${this.key()}.log`);
      await packerBuild({ folder: work, only: "qemu.local", variables, log, onStep, signal }, this.#dialect);
      const contents = JSON.parse(
        await readFile(join(work, "output", "contents.json"), "utf8"),
      ) as ImageContents;
      const image = join(product, localImageName);
      await rename(join(work, "output", localImageName), image);
      await rename(log, join(product, "bake.log"));
      await removeFolder(work);
      return { folder: product, manifest: await this.#manifest(image, contents, accelerator), keep };
    } catch (error) {
      await drop();
      throw error;
    }
  }

  #folder(): Artefact[] {
    return buildFolder(this.#fleet, imageSources(), this.#dialect);
  }

  #baseImage(): BaseImage {
    return this.#base ?? missing("base image");
  }

  /** Writes the build folder, its sources, and the seed that lets Packer in; returns the template's variables. */
  async #prepareWork(work: string, accelerator: string): Promise<Record<string, string>> {
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
    const { disk, sha256 } = this.#baseImage();
    return {
      base_image: disk,
      base_checksum: `sha256:${sha256}`,
      ssh_private_key_file: key.file,
      seed_directory: "seed",
      accelerator,
    };
  }

  async #manifest(
    file: string,
    contents: ImageContents,
    accelerator: string,
  ): Promise<Omit<Manifest, "seconds">> {
    const base = this.#baseImage();
    return {
      fleet: this.#fleet.name,
      target: "local",
      key: this.key(),
      image: { file: localImageName, bytes: (await stat(file)).size, sha256: await fileDigest(file) },
      base: { name: this.#fleet.image.base, id: base.key, bytes: (await stat(base.disk)).size },
      packer: this.#dialect,
      accelerator,
      sources: Object.fromEntries([...this.#built].map(([name, { source }]) => [name, source.pin])),
      contents,
      bakedAt: new Date().toISOString(),
    };
  }
}

function missing(what: string): never {
  throw new Error(`${what} is missing: the bake's parts were run out of order`);
}
