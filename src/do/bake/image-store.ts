import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ImageContents } from "../../compute/image/contents.js";
import type { TargetName } from "../../targets/lookup.js";
import { makeTemporaryFolder } from "../temporary-folder.js";

export type { ImageContents };

/** What is known of a baked image: written beside it, or (EC2) in its place. */
export interface Manifest {
  fleet: string;
  target: TargetName;
  /** Names the content: what was baked, from what. */
  key: string;
  /** The image's file name beside the manifest (local), or its AMI id by region (EC2). */
  image: { file: string; bytes: number; sha256: string } | { amis: Record<string, string> };
  base: { name: string; id: string };
  packer: string;
  /** Where a local image was baked. */
  builder?: "vm" | "container";
  accelerator?: string;
  /** Commit or checksum of each source that was built. */
  sources: Record<string, string>;
  /** From the image itself: versions, checksums, every package. */
  contents: ImageContents;
  bakedAt: string;
  seconds: { total: number; steps: { title: string; seconds: number }[] };
}

/** An AMI whose manifest is written but for the time that it took. */
export type BakedAmis = Omit<Manifest, "seconds"> & { image: { amis: Record<string, string> } };

/** Where finished images lie: `<data>/images/<fleet>/<key>/`; of an AMI only its manifest and log. */
export function imagesFolder(fleet: string, env: NodeJS.ProcessEnv = process.env): string {
  const data = env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return join(data, "sip-proxy", "images", fleet);
}

/** Where an image is made, beside where it will lie. */
export interface ImageInTheMaking {
  /** For what is needed only until the image is made. */
  work: string;
  /** For what is kept. */
  product: string;
  /** Puts the product in its place, and removes the rest. Returns the place. */
  keep: () => Promise<string>;
  drop: () => Promise<void>;
}

/** Folders for an image of this key; those that an interrupted bake left are removed. */
export async function newImage(fleet: string, key: string): Promise<ImageInTheMaking> {
  const images = imagesFolder(fleet);
  const { path, remove } = await makeTemporaryFolder(images);
  const [work, product] = [join(path, "work"), join(path, "product")];
  await mkdir(work);
  await mkdir(product);
  return {
    work,
    product,
    keep: async () => {
      const place = join(images, key);
      await rm(place, { recursive: true, force: true });
      await rename(product, place);
      await remove();
      return place;
    },
    drop: remove,
  };
}

export interface StoredImage {
  /** Absolute path of the qcow2. */
  path: string;
  manifest: Manifest;
}

/** The finished local images of a fleet, newest first. */
export async function storedImages(fleet: string): Promise<StoredImage[]> {
  const manifests = await storedManifests(fleet);
  const found = await Promise.all(manifests.map(({ folder }) => storedImage(folder)));
  return found.filter((image) => image !== undefined);
}

/** A manifest, and the folder that it lies in. */
export interface StoredManifest {
  folder: string;
  manifest: Manifest;
}

/** The manifests of all images of a fleet, local ones and AMIs, newest first. */
export async function storedManifests(fleet: string): Promise<StoredManifest[]> {
  const images = imagesFolder(fleet);
  const names = await readdir(images).catch(() => [] as string[]);
  const folders = names.filter((name) => !name.startsWith(".")).map((name) => join(images, name));
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, manifest: await readManifest(folder) })),
  );
  return found
    .filter((image): image is StoredManifest => image.manifest !== undefined)
    .sort((a, b) => b.manifest.bakedAt.localeCompare(a.manifest.bakedAt));
}

/** The manifest in a folder, or undefined. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, "manifest.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The image in a folder; undefined when there is none, or its file is gone. */
export async function storedImage(folder: string): Promise<StoredImage | undefined> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) return undefined;
  if (!("file" in manifest.image)) return undefined;
  const path = join(folder, manifest.image.file);
  return (await stat(path).catch(() => undefined)) ? { path, manifest } : undefined;
}
