/** apt's policy for a package: the version that it would install, and all versions with their archives. */
export interface Policy {
  candidate: string;
  /** The archives of each version, in apt's form: `http://deb.debian.org/debian trixie/main`. */
  versions: Map<string, string[]>;
}

/** Reads `apt-cache policy NAME…`, as it is in the C locale. */
export function readPolicies(text: string): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  let policy: Policy = { candidate: "", versions: new Map() };
  let archives: string[] = [];
  for (const line of text.split("\n")) {
    const [, name] = /^(\S+):$/.exec(line) ?? [];
    const [, candidate] = /^ {2}Candidate: (\S+)$/.exec(line) ?? [];
    const [, version] = /^ (?:\*\*\*|   ) (\S+) -?\d+/.exec(line) ?? [];
    const [, archive] = /^ {8,}-?\d+ (\S+ \S+)(?: \S+)? Packages$/.exec(line) ?? [];
    if (name !== undefined) policies.set(name, (policy = { candidate: "", versions: new Map() }));
    if (candidate !== undefined) policy.candidate = candidate;
    // a version has two entries if apt distinguishes two packages with it, because their fields differ
    if (version !== undefined) {
      archives = policy.versions.get(version) ?? [];
      policy.versions.set(version, archives);
    }
    if (archive !== undefined) archives.push(archive);
  }
  return policies;
}
