import { UserError } from "../../errors.js";

/** What the cache needs to know of a suite's InRelease file. */
export interface ArchiveRelease {
  suite: string;
  /** When the suite was made: seconds since 1970. */
  epoch: number;
  /** SHA-256 of main's package index: it changes exactly when what can be installed changes; the file's date does every day. */
  packagesDigest: string;
}

export function inReleaseUrl(mirror: string, suite: string): string {
  return `${mirror}/dists/${suite}/InRelease`;
}

/** Reads an InRelease file. The signature is not checked here: apt does that when it installs from the suite. */
export function parseRelease(text: string, suite: string): ArchiveRelease {
  const date = /^Date: (.+)$/m.exec(text)?.[1];
  const sums = text.slice(Math.max(text.search(/^SHA256:/m), 0));
  const packagesDigest = /^ ([0-9a-f]{64}) +\d+ main\/binary-amd64\/Packages$/m.exec(sums)?.[1];
  const milliseconds = Date.parse(date ?? "");
  if (packagesDigest === undefined || Number.isNaN(milliseconds)) {
    throw new UserError(`${suite}/InRelease has no date or no package index main/binary-amd64`, {
      hint: "check the mirror's URL; a login page or the error page of a proxy also causes this",
    });
  }
  return { suite, epoch: milliseconds / 1000, packagesDigest };
}
