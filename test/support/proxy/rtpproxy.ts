import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Artefact } from "../../../src/compute/artefact.js";
import { baseSpec, codename, type DebianRelease } from "../../../src/compute/local/base-spec.js";
import { buildNatively } from "../../../src/do/bake/builds.js";
import { fetchSource, SourceUnreachable } from "../../../src/do/bake/sources.js";
import { hostPaths } from "../../../src/do/local/paths.js";
import { run } from "../../../src/do/process.js";

/** How tests say that they cannot run with RTPProxy here. */
export const rtpproxySkipped = "RTPProxy's source is not reachable";

/**
 * RTPProxy as a file for a proxy's sandbox, built once into the cache: from the local copy that RTPPROXY_SOURCE names.
 * Undefined where there is none, or this machine's release is none that images are baked from.
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

/** The release of this machine, on whose libraries a sandbox runs. */
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
