import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Artefact } from "../../../src/compute/artefact.js";
import { baseSpec, codename, type DebianRelease } from "../../../src/compute/local/base-spec.js";
import { buildNatively } from "../../../src/do/bake/builds.js";
import { fetchSource, SourceUnreachable } from "../../../src/do/bake/sources.js";
import { hostPaths } from "../../../src/do/local/paths.js";
import { run } from "../../../src/do/process.js";

/** The message of tests that cannot run with RTPProxy on this machine. */
export const rtpproxySkipped = "RTPProxy's source is not reachable";

/**
 * RTPProxy as a file for a proxy's sandbox, built once into the cache from the local copy in RTPPROXY_SOURCE. Undefined without a copy,
 * or if images do not support this machine's Debian release.
 */
export async function rtpproxyFiles(
  source = process.env["RTPPROXY_SOURCE"],
): Promise<Artefact[] | undefined> {
  const release = await thisRelease();
  if (!source || !release) return undefined;
  const { cache } = hostPaths();
  try {
    const archive = await fetchSource("rtpproxy", { path: source }, ".", cache);
    return [await binaryIn(await buildNatively("rtpproxy", archive, baseSpec({ release }), { cache }))];
  } catch (error) {
    if (error instanceof SourceUnreachable) return undefined;
    throw error;
  }
}

/** This machine's release, whose libraries a sandbox uses. */
async function thisRelease(): Promise<DebianRelease | undefined> {
  const about = await readFile("/etc/os-release", "utf8").catch(() => "");
  const name = /^VERSION_CODENAME=(\w+)$/m.exec(about)?.[1];
  return (["debian-12", "debian-13"] as const).find((release) => codename(release) === name);
}

async function binaryIn(archive: string): Promise<Artefact> {
  const folder = await mkdtemp(join(tmpdir(), "rtpproxy-"));
  try {
    await run({ argv: ["tar", "-xzf", archive, "-C", folder, "./usr/bin/rtpproxy"] });
    return {
      path: "usr/bin/rtpproxy",
      content: await readFile(join(folder, "usr/bin/rtpproxy")),
      mode: 0o755,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
