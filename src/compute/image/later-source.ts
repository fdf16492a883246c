/** The refs of a git repository, each with its commit, as `git ls-remote` lists them. */
export type Refs = ReadonlyMap<string, string>;

export interface LaterSource {
  /** Tag or pin (git:COMMIT). */
  built: string;
  newest: string;
}

/** The current commit of a branch or tag, if it differs from the one that was built. */
export function laterCommit(refs: Refs, ref: string, built: string): LaterSource | undefined {
  const names = [`refs/tags/${ref}^{}`, `refs/tags/${ref}`, `refs/heads/${ref}`];
  const commit = names.map((name) => refs.get(name)).find((one) => one !== undefined);
  const newest = `git:${commit ?? ""}`;
  return commit === undefined || newest === built ? undefined : { built, newest };
}

/** The highest release (a tag such as v3.2.0), if the built version is a lower release. */
export function laterRelease(refs: Refs, pin: string): LaterSource | undefined {
  const releases = [...refs].flatMap(([ref, commit]) => {
    const [, tag] = /^refs\/tags\/(v\d+(?:\.\d+)*)(?:\^\{\})?$/.exec(ref) ?? [];
    return tag === undefined ? [] : [{ tag, commit }];
  });
  const built = releases.find(({ commit }) => pin === `git:${commit}`)?.tag;
  if (built === undefined) return undefined;
  const newest = releases.reduce((best, { tag }) => (compare(tag, best) > 0 ? tag : best), built);
  return newest === built ? undefined : { built, newest };
}

function compare(a: string, b: string): number {
  const [first, second] = [numbers(a), numbers(b)];
  const places = Array.from({ length: Math.max(first.length, second.length) }, (_, place) => place);
  return places.map((place) => (first[place] ?? 0) - (second[place] ?? 0)).find((one) => one !== 0) ?? 0;
}

function numbers(tag: string): number[] {
  return tag.slice(1).split(".").map(Number);
}
