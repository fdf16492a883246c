import { UserError } from "../../errors.js";

/** The data of a suite's InRelease file that the cache needs. */
export interface ArchiveRelease {
  suite: string;
  /** Date of the suite, in seconds since 1970. */
  epoch: number;
  /** SHA-256 of main's package index. It changes only when packages change; the date of the file changes every day. */
  packagesDigest: string;
}

export function inReleaseUrl(mirror: string, suite: string): string {
  return `${mirror}/dists/${suite}/InRelease`;
}

/** Reads an InRelease file without checking its signature: apt checks it when it installs packages. */
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
