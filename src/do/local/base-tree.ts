import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BASE_PACKAGES, type BaseSpec } from "../../compute/local/base-spec.js";
import { entryName, sameRecipe, type EntryName } from "../../compute/local/cache-key.js";
import { BASE_FILES } from "../../compute/local/disk-layout.js";
import { baseFileNames, bootstrapBaseArgv, PREFERENCES_FILE, SEAL } from "../../compute/local/mmdebstrap.js";
import { archiveState, MirrorUnreachable, type ArchiveState } from "./archive.js";
import { bootstrap, epochOf } from "./bootstrap.js";
import { cached, newestOfRecipe, noteUse } from "./cache.js";
import { run } from "../process.js";
import { hostPaths } from "./paths.js";
import { SILENT, type Talk } from "./talk.js";

/** A bootable Debian as a tree: base of a builder that is a container, and content of a base image's disk. */
export interface BaseTree {
  /** A hash of the description and the state of the archive. */
  key: string;
  tar: string;
  /** The kernel as a file, to test accelerators. */
  kernel: string;
  /** Seconds since 1970: the date of the archive. */
  epoch: number;
}

export interface CacheOptions {
  cache?: string;
  talk?: Talk;
}

/** The tree from the cache, or a new one (half a minute). If the mirror is not reachable, the newest cached one. */
export async function ensureBaseTree(spec: BaseSpec, options: CacheOptions = {}): Promise<BaseTree> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const root = join(cache, "tree");
  const { release, held } = spec;
  const recipe = { ...recipeOf(spec), ...(held && { preferences: held.preferences }) };
  const former = held && join(root, held.base);
  if (former !== undefined && (await noteUse(former))) return baseTree(former);
  const found = await stateOrCached(root, spec, entryName(release, recipe, null), talk);
  if (typeof found === "string") return baseTree(found);
  const name = entryName(release, recipe, packagesOf(found));
  const build = (product: string, scratch: string) => buildTree(spec, found, product, scratch, talk);
  return baseTree((await cached(root, name, build, talk)).folder);
}

/** Everything that determines a tree, except the versions of its packages. */
function recipeOf({ release, mirror, securityMirror, packages }: BaseSpec) {
  const contents = { packages: [...BASE_PACKAGES, ...packages], files: BASE_FILES, seal: SEAL };
  return { release, mirror, securityMirror, ...contents };
}

/**
 * Whether the tree with this key was made in the way in which this release makes a tree of `spec`: with the same files, from mirrors
 * with the same names. Such trees are equal if their packages are, from whichever archive these came.
 */
export function isMadeAlike(key: string, spec: BaseSpec): boolean {
  const recipe = recipeOf(spec);
  const recipes = [recipe, { ...recipe, preferences: spec.held?.preferences }];
  return recipes.some((one) => sameRecipe([key], entryName(spec.release, one, null)).length > 0);
}

/** The archive's state; if the archive is not reachable, the folder of a cached entry of the same recipe. */
export async function stateOrCached(
  root: string,
  spec: BaseSpec,
  recipe: EntryName,
  talk: Talk,
): Promise<ArchiveState | string> {
  try {
    return await archiveState(spec, talk);
  } catch (error) {
    if (!(error instanceof MirrorUnreachable)) throw error;
    const folder = await newestOfRecipe(root, recipe);
    if (folder === undefined) throw error;
    talk.warn(`${error.message}; using the cached ${basename(folder)}`);
    return folder;
  }
}

/** What determines the packages: the suites and their indexes. */
export function packagesOf(state: ArchiveState): unknown {
  return state.releases.map((release) => [release.suite, release.packagesDigest]);
}

async function buildTree(spec: BaseSpec, state: ArchiveState, product: string, scratch: string, talk: Talk) {
  talk.info(`making the ${spec.release} base from ${spec.mirror}`);
  for (const [path, name] of Object.entries(baseFileNames()))
    await writeFile(join(scratch, name), BASE_FILES[path] ?? "", { mode: 0o644 });
  if (spec.held !== undefined) await writeFile(join(scratch, PREFERENCES_FILE), spec.held.preferences);
  await bootstrap(bootstrapBaseArgv(spec, join(product, "tree.tar")), scratch, state, talk);
  await extractKernel(product);
  const about = { epoch: epochOf(state), ...state };
  await writeFile(join(product, "about.json"), `${JSON.stringify(about, null, 2)}\n`);
}

/** Copies the tree's only kernel to a name without its version. */
async function extractKernel(product: string): Promise<void> {
  const member = ["--wildcards", "./boot/vmlinuz-*", "--transform=s,.*,vmlinuz,"];
  await run({
    argv: ["tar", "-x", "-C", product, "--no-same-owner", "-f", join(product, "tree.tar"), ...member],
  });
}

async function baseTree(folder: string): Promise<BaseTree> {
  const { epoch } = JSON.parse(await readFile(join(folder, "about.json"), "utf8")) as { epoch: number };
  const [tar, kernel] = [join(folder, "tree.tar"), join(folder, "vmlinuz")];
  return { key: basename(folder), tar, kernel, epoch };
}
