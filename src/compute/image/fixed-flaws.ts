import { z } from "zod";
import { UserError } from "../../errors.js";
import { compareVersions } from "./debian-version.js";
import type { ImageLock } from "./lock.js";
import type { OutdatedPackage } from "./outdated.js";

/**
 * The fields that are used of Debian's security tracker (https://security-tracker.debian.org/tracker/data/json): source package, name of
 * the flaw, codename of the release.
 */
const flawsSchema = z.record(
  z.string(),
  z.object({
    releases: z.record(z.string(), z.object({ status: z.string(), fixed_version: z.string().optional() })),
  }),
);

/** Signed kernels have a separate source package; the tracker has only that of the kernel. */
const signedKernel = /^linux-signed-/;

/**
 * The flaws (CVE-…) that an upgrade fixes, by package: the tracker says that they are fixed in a version that the archives have and the
 * image does not. Throws UserError if the text is not from the tracker.
 */
export function fixedFlaws(
  text: string,
  { packages }: ImageLock,
  outdated: readonly OutdatedPackage[],
): Map<string, string[]> {
  const tracker = read(text);
  return new Map(
    outdated.flatMap(({ name, installed, candidate, archives }) => {
      const flaws = tracker(sourceOf(packages[name]?.source ?? name));
      const codenames = new Set(archives.map(codename));
      const fixed = flaws.filter(([, { releases }]) =>
        [...codenames].some((release) => {
          const { status, fixed_version: version = "0" } = releases[release] ?? {};
          return status === "resolved" && isBetween(ofSource(installed), version, ofSource(candidate));
        }),
      );
      return fixed.length === 0 ? [] : [[name, fixed.map(([flaw]) => flaw).sort(byNumber)] as const];
    }),
  );
}

/** Returns a function that reads the flaws of one source package, because the whole text has some 70 MB. */
function read(text: string): (source: string) => [string, z.infer<typeof flawsSchema>[string]][] {
  const told = <T>(look: () => T): T => {
    try {
      return look();
    } catch {
      throw new UserError("its answer is not the security tracker's data");
    }
  };
  const all = told(() => z.looseObject({}).parse(JSON.parse(text)));
  return (source) => told(() => Object.entries(flawsSchema.parse(all[source] ?? {})));
}

function sourceOf(name: string): string {
  return signedKernel.test(name) ? "linux" : name;
}

/** The codename in apt's form of an archive: `http://deb.debian.org/debian-security trixie-security/main`. */
function codename(archive: string): string {
  const [, suite = ""] = archive.split(" ");
  return (suite.split("/")[0] ?? "").replace(/-(security|updates|backports)$/, "");
}

/** The version of the source: a binary package that was only rebuilt has a suffix. */
function ofSource(version = ""): string {
  return version.replace(/\+b\d+$/, "");
}

function isBetween(installed: string, version: string, candidate: string): boolean {
  return compareVersions(installed, version) < 0 && compareVersions(version, candidate) <= 0;
}

/** CVE-2026-999 comes before CVE-2026-1000. */
function byNumber(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
