import type { Policy } from "./apt-policy.js";
import type { ImageLock } from "./lock.js";

/** A package with another version in the archives than in the image. */
export interface OutdatedPackage {
  name: string;
  installed: string;
  /** The version that apt would install now; undefined if no archive has the package any more. */
  candidate: string | undefined;
  /** The archives that have it. */
  archives: string[];
  /** Whether one of them is for security updates. */
  security: boolean;
}

/** The packages of an image that apt would replace now, by name. */
export function outdatedPackages(
  { packages }: ImageLock,
  policies: ReadonlyMap<string, Policy>,
): OutdatedPackage[] {
  return Object.entries(packages).flatMap(([name, { version }]) => {
    const policy = policies.get(name);
    return policy === undefined || policy.candidate === version ? [] : [outdated(name, version, policy)];
  });
}

/** Locked versions that no archive has any more: a bake would install others. */
export function gonePackages(
  { packages }: ImageLock,
  policies: ReadonlyMap<string, Policy>,
): OutdatedPackage[] {
  return Object.entries(packages).flatMap(([name, { version }]) => {
    const policy = policies.get(name) ?? { candidate: "", versions: new Map<string, string[]>() };
    if ((policy.versions.get(version) ?? []).length > 0) return [];
    const others = [...policy.versions.keys()].filter((one) => one !== version);
    return [outdated(name, version, { ...policy, candidate: others[0] ?? "" })];
  });
}

function outdated(name: string, installed: string, { candidate, versions }: Policy): OutdatedPackage {
  const archives = versions.get(candidate) ?? [];
  return {
    name,
    installed,
    candidate: candidate === "" || candidate === installed ? undefined : candidate,
    archives,
    security: archives.some((archive) => /-security\b/.test(archive)),
  };
}

/** Outdated packages as text, one line each. */
export function outdatedInWords(packages: readonly OutdatedPackage[]): string {
  return packages
    .map(({ name, installed, candidate, security }) => {
      const why = security ? " (security)" : "";
      return `  ${name} ${installed} -> ${candidate ?? "(no archive has it)"}${why}`;
    })
    .join("\n");
}
