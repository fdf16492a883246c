import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ImageContents } from "../../compute/image/contents.js";
import type { TargetName } from "../../targets/lookup.js";
import { makeTemporaryFolder } from "../temporary-folder.js";

export type { ImageContents };

/** Data about a baked image: a file beside a local image; for an AMI, stored without the image. */
export interface Manifest {
  fleet: string;
  target: TargetName;
  /** A hash of the inputs of the bake. */
  key: string;
  /** The image's file name beside the manifest (local), or its AMI id by region (EC2). */
  image: { file: string; bytes: number; sha256: string } | { amis: Record<string, string> };
  base: { name: string; id: string };
  packer: string;
  /** Where a local image was baked. */
  builder?: "vm" | "container";
  accelerator?: string;
  /** Commit or checksum of each source from which software was built. */
  sources: Record<string, string>;
  /** Collected in the image: versions, checksums, all packages. */
  contents: ImageContents;
  bakedAt: string;
  seconds: { total: number; steps: { title: string; seconds: number }[] };
}

/** The manifest of AMIs, before the duration of the bake is known. */
export type BakedAmis = Omit<Manifest, "seconds"> & { image: { amis: Record<string, string> } };

/** The folder of finished images: `<data>/images/<fleet>/<key>/`. For an AMI it contains only manifest and log. */
export function imagesFolder(fleet: string, env: NodeJS.ProcessEnv = process.env): string {
  const data = env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return join(data, "sip-proxy", "images", fleet);
}

/** Folders for an image while it is made, on the file system of its final place. */
export interface ImageInTheMaking {
  /** For files that are removed when the image is finished. */
  work: string;
  /** For files that are kept. */
  product: string;
  /** Moves the product to its final place, and removes the rest. Returns the final path. */
  keep: () => Promise<string>;
  drop: () => Promise<void>;
}

/** Makes the folders for an image with this key. Removes those that an interrupted bake has left. */
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

/** The finished local images of a fleet, in the order of `storedManifests`. */
export async function storedImages(fleet: string): Promise<StoredImage[]> {
  const manifests = await storedManifests(fleet);
  const found = await Promise.all(manifests.map(({ folder }) => storedImage(folder)));
  return found.filter((image) => image !== undefined);
}

/** Its content is the last time (ISO 8601) that a bake returned the image instead of baking it again. */
const returnedFile = "returned";

/** Makes this image the first one of its fleet: a bake has returned it again. */
export async function noteReturned(folder: string): Promise<void> {
  const temporary = join(folder, `.${returnedFile}-${process.pid}`);
  await writeFile(temporary, new Date().toISOString());
  await rename(temporary, join(folder, returnedFile));
}

/** A manifest and its folder. */
export interface StoredManifest {
  folder: string;
  manifest: Manifest;
}

/**
 * The manifests of all images of a fleet, local ones and AMIs. The first one was baked, or returned by a bake, last: after a change of the
 * fleet file is taken back, a bake returns the earlier image, and hosts must get that one.
 */
export async function storedManifests(fleet: string): Promise<StoredManifest[]> {
  const images = imagesFolder(fleet);
  const names = await readdir(images).catch(() => [] as string[]);
  const folders = names.filter((name) => !name.startsWith(".")).map((name) => join(images, name));
  const found = await Promise.all(
    folders.map(async (folder) => {
      const manifest = await readManifest(folder);
      const returned = await readFile(join(folder, returnedFile), "utf8").catch(() => undefined);
      return manifest && { folder, manifest, last: returned ?? manifest.bakedAt };
    }),
  );
  return found
    .filter((image) => image !== undefined)
    .sort((a, b) => b.last.localeCompare(a.last))
    .map(({ folder, manifest }) => ({ folder, manifest }));
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

/** The image in a folder; undefined if there is none, or if its file was deleted. */
export async function storedImage(folder: string): Promise<StoredImage | undefined> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) return undefined;
  if (!("file" in manifest.image)) return undefined;
  const path = join(folder, manifest.image.file);
  return (await stat(path).catch(() => undefined)) ? { path, manifest } : undefined;
}
