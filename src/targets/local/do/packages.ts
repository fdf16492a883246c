import { link, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { isOfPackages } from "../../../compute/image/additions.js";
import { bakeEnvironment, bakeParts, laterScripts } from "../../../compute/image/provisioners.js";
import { digestOf, entryFolder, entryName } from "../../../compute/local/cache-key.js";
import { plainTree } from "../../../compute/local/tree.js";
import { cached } from "../../../do/local/cache.js";
import { contentDigest } from "../../../do/local/content-digest.js";
import { hostPaths } from "../../../do/local/paths.js";
import { removeTree } from "../../../do/temporary-folder.js";
import { unpack } from "../../../do/local/assemble-disk.js";
import { packerBuild } from "../../../do/bake/packer.js";
import { withBuilder } from "../../../do/local/builder.js";
import type { BuildJob, Ingredients } from "./builders.js";

/** The step after the installation, in which the packages are stored for later bakes. */
export const keepStep = { script: "keep", title: "keeping the packages" } as const;

/**
 * The base with the packages installed. It comes from the cache if base, archives, software built from source and installing scripts have
 * not changed; otherwise it is made now, in a container. Returns the folder of the tree, which must not be changed. Deletes layers and
 * downloads of earlier states of the archives.
 */
export async function ensurePackages(job: BuildJob): Promise<string> {
  const { cache } = hostPaths();
  const root = join(cache, "packages");
  const name = await layerName(job);
  const make = (product: string, scratch: string) => installPackages(job, name.archive, product, scratch);
  const { folder, built } = await cached(root, name, make, job.talk);
  if (built) await dropOthers(root, entryFolder(name), `${name.label}-${name.recipe}-`);
  return join(folder, "tree");
}

/** Whether the layer is in the cache. */
export async function hasPackages(of: Ingredients): Promise<boolean> {
  const names = await readdir(join(hostPaths().cache, "packages")).catch(() => [] as string[]);
  return names.includes(entryFolder(await layerName(of)));
}

/** The layer's name: a hash of everything that its content depends on. */
export async function layerName({ image, folder, sources, base, archive }: Ingredients) {
  const built = await Promise.all(
    Object.entries(sources).map(async ([name, file]) => [name, await contentDigest(file)]),
  );
  const later = laterScripts.map((script) => `packer/${script}`);
  const scripts = folder.filter(
    ({ path, content }) =>
      (path.startsWith("packer/") && !later.includes(path)) || (isOfPackages(path) && content.length > 0),
  );
  const texts = scripts.map(({ path, content }) => [path, content.toString()]);
  return entryName(base.label, { environment: bakeEnvironment(image), built, texts }, [base.key, archive]);
}

async function installPackages(
  job: BuildJob,
  archive: string,
  product: string,
  scratch: string,
): Promise<void> {
  const tree = join(scratch, "tree");
  await unpack(await job.base.tree(), tree, job.run.signal);
  const downloads = await lendDownloads(tree, job, archive);
  const { publicKey, run: packer } = job;
  const order = { folder: join(scratch, "container"), tree: plainTree(tree), publicKey };
  await withBuilder(order, (inNetwork) =>
    packerBuild({ ...packer, only: bakeParts.packages, inNetwork }, job.dialect),
  );
  packer.onStep(keepStep.script);
  await downloads.takeBack();
  await removeTree(join(tree, "var/lib/cloud"));
  await rename(tree, join(product, "tree"));
}

/**
 * Copies packages that were downloaded before, in this state of the archives, to apt's download folder (apt checks their checksums), and
 * collects all downloads afterwards.
 */
async function lendDownloads(tree: string, { base, spec }: BuildJob, archive: string) {
  const { mirror, securityMirror } = spec;
  const root = join(hostPaths().cache, "downloads");
  const ofMirrors = `${base.label}-${digestOf([mirror, securityMirror]).slice(0, 8)}-`;
  const folder = join(root, `${ofMirrors}${archive}`);
  await mkdir(folder, { recursive: true });
  await dropOthers(root, basename(folder), ofMirrors);
  const archives = join(tree, "var/cache/apt/archives");
  for (const name of await debs(folder)) await link(join(folder, name), join(archives, name));
  return {
    takeBack: async () => {
      for (const name of await debs(archives)) {
        await rename(join(archives, name), join(folder, name));
        await rm(join(archives, name), { force: true }); // a hard link to the same file stays
      }
    },
  };
}

async function debs(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".deb"));
}

async function dropOthers(root: string, kept: string, prefix: string): Promise<void> {
  const isOther = (name: string) =>
    name.startsWith(prefix) && !name.startsWith(".") && !name.endsWith(".lock");
  for (const name of await readdir(root))
    if (name !== kept && isOther(name)) await removeTree(join(root, name));
}
