import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { softwareOf, type PinnedSource, type SourceName } from "../../compute/image/pinned-sources.js";
import { UserError } from "../../errors.js";
import { noteUse } from "../local/cache.js";
import { contentDigest } from "../local/content-digest.js";
import { attempt, run } from "../process.js";

/** A source archive on this machine, in the form that the build scripts expect: one folder in a .tar.gz. */
export interface SourceArchive {
  file: string;
  /** Its exact version for the manifest: a commit, or a checksum. */
  pin: string;
}

/** A source that is not reachable from this machine. Callers with an alternative catch it. */
export class SourceUnreachable extends UserError {}

/**
 * Fetches a source, or takes it from the cache. Paths in the fleet file are relative to the folder `from`. Throws
 * SourceUnreachable if the network does not reach the repository.
 */
export async function fetchSource(
  name: SourceName,
  source: PinnedSource,
  from: string,
  cache: string,
): Promise<SourceArchive> {
  if ("path" in source) return packLocal(name, resolve(from, source.path), cache);
  if ("ref" in source) return fetchGit(name, source.git, source.ref, cache);
  if ("git" in source) return fetchGit(name, source.git, source.commit, cache);
  return download(name, source.url, source.sha256, cache);
}

/** Packs a local folder or tarball, for sites without internet. */
async function packLocal(name: string, path: string, cache: string): Promise<SourceArchive> {
  const info = await stat(path).catch(() => undefined);
  if (!info)
    throw new UserError(`${name}_source: there is no ${path}`, {
      hint: "the path is relative to the fleet file",
    });
  const digest = await contentDigest(path);
  if (!info.isDirectory()) return { file: path, pin: `sha256:${digest}` };
  const file = join(cache, "sources", `${basename(path)}-${digest.slice(0, 16)}.tar.gz`);
  await onceInCache(file, async (temporary) => {
    const stable = [
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mtime=@0",
      "--exclude-vcs",
    ];
    await run({ argv: ["tar", ...stable, "-C", path, "-czf", temporary, "--transform=s,^\\.,source,", "."] });
  });
  return { file, pin: `sha256:${digest}` };
}

/** Fetches a commit, branch or tag. The pin is the commit that was fetched. */
async function fetchGit(
  name: SourceName,
  repository: string,
  ref: string,
  cache: string,
): Promise<SourceArchive> {
  const commit = /^[0-9a-f]{40}$/.test(ref) ? ref : await resolveRef(name, repository, ref);
  const file = join(cache, "sources", `${name}-${commit}.tar.gz`);
  await onceInCache(file, async (temporary, scratch) => {
    const git = (...words: string[]) =>
      attempt({ argv: ["git", "-C", scratch, ...words], env: noPrompt, timeout: 600_000 });
    await git("init", "--quiet");
    const fetched = await git("fetch", "--quiet", "--depth=1", repository, commit);
    if (fetched.exitCode !== 0) throw unreachable(name, repository, fetched.stderr);
    await run({
      argv: [
        "git",
        "-C",
        scratch,
        "archive",
        "--format=tar.gz",
        `--prefix=${name}/`,
        "-o",
        temporary,
        "FETCH_HEAD",
      ],
    });
  });
  return { file, pin: `git:${commit}` };
}

async function resolveRef(name: SourceName, repository: string, ref: string): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt({
    argv: ["git", "ls-remote", repository, `refs/tags/${ref}^{}`, `refs/tags/${ref}`, `refs/heads/${ref}`],
    env: noPrompt,
    timeout: 60_000,
  });
  if (exitCode !== 0) throw unreachable(name, repository, stderr);
  const commit = stdout.split(/\s/)[0];
  if (!commit)
    throw new UserError(`${repository} has no branch or tag ${ref}`, { hint: "check kamailio_version" });
  return commit;
}

/** git must fail instead of asking for a password if a repository does not exist. */
const noPrompt = { GIT_TERMINAL_PROMPT: "0" };

async function download(
  name: SourceName,
  url: string,
  sha256: string,
  cache: string,
): Promise<SourceArchive> {
  const file = join(cache, "sources", `${sha256.slice(0, 16)}-${basename(new URL(url).pathname)}`);
  await onceInCache(file, async (temporary) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(300_000) }).catch((cause: unknown) => {
      throw unreachable(name, url, String(cause));
    });
    if (!response.ok) throw unreachable(name, url, `HTTP ${response.status}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== sha256) {
      throw new UserError(`${url} does not match the checksum in the fleet file`, {
        hint: `${name}_source.sha256 is ${sha256}, the download has ${found}`,
      });
    }
    await writeFile(temporary, bytes);
  });
  return { file, pin: `sha256:${sha256}` };
}

function unreachable(name: SourceName, where: string, why: string): SourceUnreachable {
  const { alternative } = softwareOf(name);
  return new SourceUnreachable(
    `${name}'s source cannot be fetched from ${where}: ${why.trim().split("\n").at(-1) ?? ""}`,
    {
      hint: `give a local copy, ${name}_source: { path: … }${alternative === undefined ? "" : `, or use ${alternative}`}`,
    },
  );
}

/** Makes a file of the cache unless it exists. If it is interrupted, no file has this name. */
async function onceInCache(
  file: string,
  make: (temporary: string, scratch: string) => Promise<void>,
): Promise<void> {
  if (await noteUse(file)) return;
  const folder = resolve(file, "..");
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, ".fetch-"));
  try {
    const temporary = join(scratch, "..", `.${basename(file)}.${process.pid}`);
    await make(temporary, scratch);
    await rename(temporary, file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
