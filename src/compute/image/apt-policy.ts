/** What apt says of a package: the version that it would install, and which versions which archives have. */
export interface Policy {
  candidate: string;
  /** Version to the archives that have it, as apt shows them: `http://deb.debian.org/debian trixie/main`. */
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
    // one that apt takes for two of one number, since the archive's fields differ, has two entries
    if (version !== undefined) {
      archives = policy.versions.get(version) ?? [];
      policy.versions.set(version, archives);
    }
    if (archive !== undefined) archives.push(archive);
  }
  return policies;
}
