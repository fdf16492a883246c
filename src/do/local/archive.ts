import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inReleaseUrl, parseRelease, type ArchiveRelease } from "../../compute/local/archive-release.js";
import { suitesOf, type BaseSpec, type Suite } from "../../compute/local/base-spec.js";
import { UserError } from "../../errors.js";
import { attempt } from "../process.js";
import { requireTools } from "./tools.js";
import type { Talk } from "./talk.js";

/** The current state of the archive from which a base would be made. */
export interface ArchiveState {
  /** The suites that the mirrors have. */
  suites: Suite[];
  releases: ArchiveRelease[];
}

/** The mirror does not answer. Callers then use a cached base. */
export class MirrorUnreachable extends UserError {
  /** `why`: the address, and apt's message. */
  constructor(readonly why: string) {
    super(`the mirror does not answer: ${why}`, {
      hint: "set a mirror (and a security mirror, or none) that this machine can reach, or set http_proxy",
    });
  }
}

/**
 * Fetches the suites' InRelease files from the mirrors. An optional suite that its mirror does not have is left out, with a warning.
 * Throws MirrorUnreachable if a mirror does not answer.
 */
export function archiveState(spec: BaseSpec, talk: Talk): Promise<ArchiveState> {
  return stateOf(suitesOf(spec), talk);
}

/** The same of any suites. */
export async function stateOf(asked: readonly Suite[], talk: Talk): Promise<ArchiveState> {
  await requireTools("/usr/lib/apt/apt-helper");
  const suites: Suite[] = [];
  const releases: ArchiveRelease[] = [];
  for (const suite of asked) {
    const text = await fetchByApt(inReleaseUrl(suite.mirror, suite.name));
    if (text === undefined) {
      if (suite.required) throw missingSuite(suite);
      talk.warn(`${suite.mirror} has no suite ${suite.name}: the base image is made without it`);
      continue;
    }
    suites.push(suite);
    releases.push(parseRelease(text, suite.name));
  }
  return { suites, releases };
}

/** A digest of an apt repository's current content: of its indexes' checksums, without date and signature. */
export async function indexDigest({ uri, suite }: { uri: string; suite: string }): Promise<string> {
  const text = await fetchByApt(inReleaseUrl(uri, suite));
  if (text === undefined) throw missingSuite({ mirror: uri, name: suite, required: true });
  const [sums = ""] = /^SHA256:[^]*?(?=^-----BEGIN|(?![^]))/m.exec(text) ?? [];
  return createHash("sha256").update(sums).digest("hex");
}

/** Fetches a file by apt's transports, so that apt's proxies and file: mirrors work as for packages. Undefined for 404. */
export async function fetchByApt(url: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "sip-proxy-archive-"));
  try {
    const file = join(folder, "file");
    const settings = ["Acquire::http::Timeout=15", "Acquire::https::Timeout=15", "Acquire::Retries=1"];
    const options = [...settings, "APT::Sandbox::User=root"].flatMap((setting) => ["-o", setting]);
    const result = await attempt({
      argv: ["/usr/lib/apt/apt-helper", ...options, "download-file", url, file],
      env: { LC_ALL: "C.UTF-8" },
    });
    if (result.exitCode === 0) return await readFile(file, "utf8");
    if (/ 404 | No such file/.test(result.stderr)) return undefined;
    throw unreachable(url, result.stderr);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unreachable(url: string, stderr: string): MirrorUnreachable {
  const reason = /^E: Failed to fetch \S+ +(.+)$/m.exec(stderr)?.[1] ?? stderr.trim();
  return new MirrorUnreachable(`${url}: ${reason}`);
}

function missingSuite(suite: Suite): UserError {
  return new UserError(`${suite.mirror} has no suite ${suite.name}`, {
    hint: "the URL of the mirror must be the part before /dists, for example http://deb.debian.org/debian",
  });
}
