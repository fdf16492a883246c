import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { mkdir, open, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  builderArgv,
  builderSeed,
  inBuilderNetwork,
  RESOLVER,
  slirpArgv,
} from "../../compute/local/builder.js";
import { CGROUP_ROOTS, NSPAWN_ENVIRONMENT } from "../../compute/local/container.js";
import type { Tree } from "../../compute/local/tree.js";
import { UserError } from "../../errors.js";
import { start } from "../process.js";
import { writeFiles } from "../write-files.js";
import { emptyCgroups } from "./cgroup.js";
import { systemdIsInit } from "./container.js";
import { requireTools, WITH_SBIN } from "./tools.js";

export const BUILDER_TOOLS = [
  "systemd-nspawn",
  "slirp4netns",
  "unshare",
  "setpriv",
  "nsenter",
  "ip",
] as const;

/** Throws UserError unless this process is root. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new UserError("the container builder requires root", {
    hint: "run it as root (sudo), or bake with --builder vm",
  });
}

/** Milliseconds for a container to power down; after that it is killed. */
const timeToStop = 60_000;

const ID_PREFIX = "sip-proxy-bake-";

/** The tree to boot, and the key that may log in. */
export interface BuilderOrder {
  /** A folder for files of the container outside the tree. */
  folder: string;
  tree: Tree;
  publicKey: string;
}

/** Wraps a command to run in the builder's network. */
export type InNetwork = (argv: readonly string[]) => [string, ...string[]];

/** Boots the tree, does the work, and powers the container down. If the work fails, kills the container. */
export async function withBuilder(
  order: BuilderOrder,
  work: (inNetwork: InNetwork) => Promise<void>,
): Promise<void> {
  requireRoot();
  await requireTools(...BUILDER_TOOLS);
  await sweepBuilders();
  const id = `${ID_PREFIX}${process.pid}`;
  const argv = await prepare(id, order);
  const console = join(order.folder, "console.log");
  const log = await open(console, "w", 0o600);
  const run = (command: [string, ...string[]]) =>
    start(
      { argv: command, env: { ...WITH_SBIN, ...NSPAWN_ENVIRONMENT } },
      { stdio: ["ignore", log.fd, log.fd] },
    );
  const children: ChildProcess[] = [];
  try {
    const container = run(argv);
    children.push(container);
    await once(container, "spawn");
    const pid = container.pid ?? 0;
    await untilIsolated(container, pid);
    children.push(run(slirpArgv(pid)));
    await Promise.race([work((words) => inBuilderNetwork(pid, words)), ended(container, console)]);
    await powerDown(container, pid);
  } finally {
    for (const child of children) await kill(child);
    await log.close();
    await emptyCgroups(id);
  }
}

/** Writes the files for the container; returns its command. */
async function prepare(id: string, { folder, tree, publicKey }: BuilderOrder) {
  // with a new instance id, cloud-init also accepts the new key in a tree that was booted before
  const instanceId = `bake-${process.pid}-${Date.now()}`;
  const seed = builderSeed({ instanceId, hostname: "builder", publicKeys: [publicKey] });
  await mkdir(folder);
  await writeFiles(folder, [
    { path: "resolver.conf", content: RESOLVER },
    ...Object.entries(seed).map(([name, content]) => ({
      path: `seed/${name}`,
      content: Buffer.from(content),
    })),
  ]);
  const at = (name: string) => join(folder, name);
  const files = { seed: at("seed"), resolver: at("resolver.conf"), pidfile: at("pid") };
  return builderArgv({ id, tree, ...files }, await systemdIsInit());
}

/** Waits until the process has its own network namespace. */
async function untilIsolated(container: ChildProcess, pid: number): Promise<void> {
  const own = await namespaceOf("self");
  while (isRunning(container) && (await namespaceOf(pid)) === own) await sleep(10);
}

async function namespaceOf(pid: number | "self"): Promise<string> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => "gone");
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Throws when the container ends by itself, with the last lines of its console. */
async function ended(container: ChildProcess, console: string): Promise<never> {
  if (isRunning(container)) await once(container, "exit");
  const lines = (await readFile(console, "utf8")).trimEnd().split("\n").slice(-10);
  throw new UserError(`the builder's container ended\n${lines.map((line) => `  | ${line}`).join("\n")}`, {
    hint: "bake with --builder vm",
  });
}

/** nspawn, a child of the started process, forwards SIGTERM to the container's init in the form that init expects. */
async function powerDown(container: ChildProcess, pid: number): Promise<void> {
  const [nspawn] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");
  const exit = once(container, "exit");
  process.kill(Number(nspawn), "SIGTERM");
  await Promise.race([exit, sleep(timeToStop, undefined, { ref: false })]);
}

async function kill(child: ChildProcess): Promise<void> {
  if (!isRunning(child) || child.pid === undefined) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Removes the cgroups of builders whose process was killed. */
async function sweepBuilders(): Promise<void> {
  const names = await Promise.all(CGROUP_ROOTS.map((root) => readdir(root).catch(() => [] as string[])));
  for (const name of new Set(names.flat())) {
    const [, pid] = new RegExp(`^${ID_PREFIX}(\\d+)$`).exec(name) ?? [];
    if (pid !== undefined && (await namespaceOf(Number(pid))) === "gone") await emptyCgroups(name);
  }
}
