import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { codename, type BaseSpec } from "../../compute/local/base-spec.js";
import { entryName } from "../../compute/local/cache-key.js";
import { ENTER_CHROOT, enterChrootArgv } from "../../compute/local/chroot-build.js";
import { bootstrapChrootArgv, SEAL } from "../../compute/local/mmdebstrap.js";
import { UserError } from "../../errors.js";
import { asRoot } from "./as-root.js";
import { unpack } from "./assemble-disk.js";
import { packagesOf, stateOrCached, type CacheOptions } from "./base-tree.js";
import { bootstrap, epochOf } from "./bootstrap.js";
import { cached } from "./cache.js";
import { contentDigest } from "./content-digest.js";
import { hostPaths } from "./paths.js";
import { SILENT } from "./talk.js";
import { requireTools } from "./tools.js";

/** Software to build for an image, natively, in a tree of the image's Debian release. */
export interface ChrootBuild {
  /** Name of the software, for the cache entry and progress messages. */
  label: string;
  base: BaseSpec;
  /** Packages that the build needs besides apt and the essential packages. */
  packages: readonly string[];
  /**
   * A POSIX shell script (`sh -eu`), run as root in a separate folder. Its inputs are under $INPUTS; it writes its outputs under
   * $OUTPUTS, and may use $JOBS processors. SOURCE_DATE_EPOCH is set.
   */
  script: string;
  /** Files or folders of this machine, by their names under $INPUTS. */
  inputs: Readonly<Record<string, string>>;
  /** Names of the files or folders that the script makes under $OUTPUTS. */
  outputs: readonly string[];
  /** True: the build may use this machine's network. By default it has none. */
  network?: boolean;
  /** Milliseconds; an hour unless given. */
  timeout?: number;
}

export interface BuildOptions extends CacheOptions {
  /** Called with every line of the script's output. */
  onLine?: (line: string) => void;
}

export interface Artefacts {
  /** Paths in the cache by name. Copy these files; do not change them. */
  files: Record<string, string>;
  built: boolean;
}

/** Runs the build, or takes its outputs from the cache if release, packages, script and inputs are the same. */
export async function buildInChroot(build: ChrootBuild, options: BuildOptions = {}): Promise<Artefacts> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const chroot = await ensureChroot(build.base, build.packages, options);
  const inputs: Record<string, string> = {};
  for (const [name, path] of Object.entries(build.inputs)) inputs[plain(name)] = await contentDigest(path);
  const { script, outputs, network = false } = build;
  const recipe = { script, outputs: outputs.map(plain), network, inputs, enter: ENTER_CHROOT };
  const entry = await cached(
    join(cache, "build"),
    entryName(plain(build.label), recipe, basename(chroot.folder)),
    (product, scratch) => {
      talk.info(`building ${build.label} for ${build.base.release}`);
      return runBuild(build, chroot, product, scratch, options.onLine);
    },
    talk,
  );
  const files = Object.fromEntries(outputs.map((name) => [name, join(entry.folder, name)]));
  return { files, built: entry.built };
}

/** A tree of a release with packages, packed. */
export interface Chroot {
  folder: string;
  tar: string;
  epoch: number;
}

/** The tree with the build packages, from the cache or new. If the mirror is not reachable, the newest cached one. */
export async function ensureChroot(
  spec: BaseSpec,
  packages: readonly string[],
  options: CacheOptions,
): Promise<Chroot> {
  const { cache = hostPaths().cache, talk = SILENT } = options;
  const root = join(cache, "chroot");
  const { mirror, securityMirror, release } = spec;
  const recipe = { release, mirror, securityMirror, packages: [...packages].sort(), seal: SEAL };
  const state = await stateOrCached(root, spec, entryName(codename(release), recipe, null), talk);
  if (typeof state === "string") return readChroot(state);
  const name = entryName(codename(release), recipe, packagesOf(state));
  const make = async (product: string, scratch: string) => {
    talk.info(`making a ${release} chroot with ${packages.join(" ") || "no further packages"}`);
    await bootstrap(bootstrapChrootArgv(spec, packages, join(product, "tree.tar")), scratch, state, talk);
    await writeFile(
      join(product, "about.json"),
      `${JSON.stringify({ ...recipe, epoch: epochOf(state) }, null, 2)}\n`,
    );
  };
  return readChroot((await cached(root, name, make, talk)).folder);
}

async function readChroot(folder: string): Promise<Chroot> {
  const about = JSON.parse(await readFile(join(folder, "about.json"), "utf8")) as { epoch: number };
  return { folder, tar: join(folder, "tree.tar"), epoch: about.epoch };
}

export const CHROOT_TOOLS = ["unshare", "setpriv"] as const;

async function runBuild(
  build: ChrootBuild,
  chroot: Chroot,
  product: string,
  scratch: string,
  onLine: BuildOptions["onLine"],
): Promise<void> {
  await requireTools(...CHROOT_TOOLS);
  const [tree, work, enter] = [join(scratch, "tree"), join(scratch, "work"), join(scratch, "enter")];
  await unpack(chroot.tar, tree);
  await mkdir(join(work, "outputs"), { recursive: true });
  await mkdir(join(work, "inputs"));
  for (const [name, path] of Object.entries(build.inputs))
    await cp(path, join(work, "inputs", name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  await writeFile(join(work, "script"), build.script);
  await writeFile(enter, ENTER_CHROOT);
  await asRoot(enterChrootArgv(enter, tree, work, build.network ?? false), {
    env: { SOURCE_DATE_EPOCH: String(chroot.epoch) },
    timeout: build.timeout ?? 3_600_000,
    hint: `the build of ${build.label} failed in a chroot of ${build.base.release}; see the output above`,
    ...(onLine === undefined ? {} : { onLine }),
  });
  for (const name of build.outputs)
    await rename(join(work, "outputs", name), join(product, name)).catch((error: unknown) => {
      throw new UserError(`the build of ${build.label} produced no ${name}`, { cause: error });
    });
}

/** Checks that a name is one component of a path. */
function plain(name: string): string {
  if (/^[\w][\w.+-]*$/.test(name)) return name;
  throw new Error(`not a plain name: ${name}`);
}
