import { expect, test } from "vitest";
import { readPolicies } from "../../../src/compute/image/apt-policy.js";
import { laterCommit, laterRelease } from "../../../src/compute/image/later-source.js";
import { readListedPackages } from "../../../src/compute/image/listed-packages.js";
import { lockText, readLock, type ImageLock } from "../../../src/compute/image/lock.js";
import { diffLocks, isSame, samePackages } from "../../../src/compute/image/lock-diff.js";
import { lockedFiles, lockedSources, snapshotMirrors } from "../../../src/compute/image/locked-archives.js";
import { gonePackages, outdatedPackages } from "../../../src/compute/image/outdated.js";
import { lockOf } from "../../support/locks.js";

// Lock files of images: their content, their differences, and apt's input with them.

const debian = "http://deb.debian.org/debian trixie";
const security = "http://deb.debian.org/debian-security trixie-security";

const listed = [
  "package\tzlib1g\t1:1.3-1\tamd64\tzlib\tbbb\thttp://deb.debian.org/debian/\ttrixie\tpool/z.deb",
  "package\tapt\t3.0\tamd64\tapt",
  "archive\thttp://deb.debian.org/debian/\ttrixie\tmain\t",
  "archive\thttps://apt.example.com/\tstable\tone\tS0VZ",
  "archive\thttps://apt.example.com/\tstable\ttwo\tS0VZ",
  "date\tSat, 14 Nov 2026 10:11:12 UTC",
  "date\tSat, 28 Nov 2026 10:11:12 UTC",
  "tool\trtpproxy\tmake\t4.4",
].join("\n");

test("what the builder lists becomes a lock, in order, without times of the bake; read back, it is the same", () => {
  const facts = readListedPackages(listed);
  const lock = lockOf(facts);
  expect(lock).toMatchObject({
    archivesFrom: "2026-11-28T10:11:12.000Z",
    archives: {
      [debian]: { components: ["main"] },
      "https://apt.example.com stable": { components: ["one", "two"], key: "S0VZ" },
    },
    tools: { "rtpproxy: make": "4.4" },
    packages: {
      apt: { version: "3.0", architecture: "amd64", source: "apt" },
      zlib1g: { version: "1:1.3-1", source: "zlib", sha256: "bbb", archive: debian, file: "pool/z.deb" },
    },
  });
  expect(Object.keys(lock.packages)).toEqual(["apt", "zlib1g"]);
  expect(readLock(lockText(lock))).toEqual(lock);
});

test.each([
  ["no JSON", "{"],
  ["another version", lockText({ ...lockOf(), lockVersion: 2 as 1 })],
  ["a package that would be two lines of apt's preferences", lockText(locked({ "a\nPin: b": "1" }))],
  ["a version that would be two lines", lockText(locked({ apt: "1\nPin-Priority: 1" }))],
  ["a base that leads out of the cache", lockText(lockOf({ base: { name: "x", id: "../../etc" } }))],
  [
    "an archive that would be two lines",
    lockText(lockOf({ archives: { "http://x y\nTrusted: yes": { components: [] } } })),
  ],
])("a file is not taken for a lock file: %s", (_, text) => expect(readLock(text)).toBeUndefined());

test("two locks differ in packages, in files of one version, in sources and tools", () => {
  const before = lockOf({ packages: { a: pack("1", "x"), b: pack("1"), c: pack("1", "y") } });
  const after = lockOf({
    packages: { a: pack("1", "z"), b: pack("2"), d: pack("1") },
    sources: { rtpproxy: { pin: "git:1", sha256: "f" } },
  });
  const diff = diffLocks(["A", before], ["B", after]);
  expect(diff).toMatchObject({
    packages: { added: { d: "1" }, removed: { c: "1" }, changed: [{ name: "b", from: "1", to: "2" }] },
    checksums: [{ name: "package a", from: "x", to: "z" }],
    versions: [{ name: "source of rtpproxy", from: "", to: "git:1" }],
  });
  expect(samePackages(diff)).toBe(false);
  const other = diffLocks(["A", before], ["B", { ...before, tools: { make: "5" } }]);
  expect([samePackages(other), isSame(other)]).toEqual([true, false]);
  expect(isSame(diffLocks(["A", before], ["B", before]))).toBe(true);
});

test("a mirror of snapshots is asked for Debian's archives alone, at the time of the newest of them", () => {
  const lock = lockOf({
    archivesFrom: "2026-11-28T10:11:12.000Z",
    archives: {
      [debian]: main,
      [security]: main,
      "https://apt.example.com stable": { ...main, key: "S0VZ" },
    },
  });
  const mirrors = snapshotMirrors(lock, "https://snapshot.debian.org/archive/");
  expect([...mirrors]).toEqual([
    ["http://deb.debian.org/debian", "https://snapshot.debian.org/archive/debian/20261128T101112Z"],
    [
      "http://deb.debian.org/debian-security",
      "https://snapshot.debian.org/archive/debian-security/20261128T101112Z",
    ],
  ]);
  const { sources, keys } = lockedSources(lock, mirrors, "/apt");
  expect(sources).toContain(
    "URIs: https://snapshot.debian.org/archive/debian/20261128T101112Z\nSuites: trixie\n",
  );
  expect(sources.split("\n\n")[2]).toBe(
    "Types: deb\nURIs: https://apt.example.com\nSuites: stable\nComponents: main\nSigned-By: /apt/2.gpg\n",
  );
  expect(sources.match(/Check-Valid-Until: no/g)).toHaveLength(2);
  expect(keys).toEqual([{ path: "2.gpg", content: Buffer.from("KEY") }]);
});

test("the builder is told the versions, and which mirrors stand for which", () => {
  const [preferences, mirrors] = lockedFiles(
    locked({ apt: "3.0", zlib1g: "1:1" }),
    new Map([["http://a", "http://b"]]),
  );
  expect(preferences?.content).toBe(
    "Package: apt\nPin: version 3.0\nPin-Priority: 1001\n\nPackage: zlib1g\nPin: version 1:1\nPin-Priority: 1001\n",
  );
  expect(mirrors?.content).toBe("http://a http://b\n");
});

const policy = `openssl:
  Installed: 3.5.1-1
  Candidate: 3.5.1-1+deb13u2
  Version table:
     3.5.1-1+deb13u2 500
        500 http://deb.debian.org/debian-security trixie-security/main amd64 Packages
     3.5.1-1+deb13u1 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
 *** 3.5.1-1 100
        100 /tmp/status
same:
  Installed: 1
  Candidate: 1
  Version table:
 *** 1 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
        100 /tmp/status
twice:
  Installed: 1
  Candidate: 1
  Version table:
     1 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
 *** 1 100
        100 /tmp/status
alone:
  Installed: 1
  Candidate: 1
  Version table:
 *** 1 100
        100 /tmp/status
`;

test("of what apt says: what is outdated, by whose update, and what no archive has any more", () => {
  const lock = locked({ openssl: "3.5.1-1", same: "1", twice: "1", alone: "1" });
  const policies = readPolicies(policy);
  const openssl = {
    name: "openssl",
    installed: "3.5.1-1",
    candidate: "3.5.1-1+deb13u2",
    archives: ["http://deb.debian.org/debian-security trixie-security/main"],
    security: true,
  };
  expect(outdatedPackages(lock, policies)).toEqual([openssl]);
  expect(gonePackages(lock, policies)).toEqual([
    { name: "alone", installed: "1", candidate: undefined, archives: [], security: false },
    openssl,
  ]);
});

test("of what git says: a branch that has moved on, a release with a higher number", () => {
  const refs = new Map([
    ["refs/heads/6.2", "aaa"],
    ["refs/tags/v3.2.0", "tag"],
    ["refs/tags/v3.2.0^{}", "bbb"],
    ["refs/tags/v3.10.0", "ccc"],
    ["refs/tags/v3.11.0-rc1", "ddd"],
  ]);
  expect(laterCommit(refs, "6.2", "git:000")).toEqual({ built: "git:000", newest: "git:aaa" });
  expect(laterCommit(refs, "6.2", "git:aaa")).toBeUndefined();
  expect(laterRelease(refs, "git:bbb")).toEqual({ built: "v3.2.0", newest: "v3.10.0" });
  expect(laterRelease(refs, "git:ccc")).toBeUndefined();
  expect(laterRelease(refs, "git:unknown")).toBeUndefined();
});

const main = { components: ["main"] };

function pack(version: string, sha256?: string) {
  return { version, architecture: "amd64", source: "x", ...(sha256 === undefined ? {} : { sha256 }) };
}

function locked(versions: Record<string, string>): ImageLock {
  const packages = Object.entries(versions).map(([name, version]) => [name, pack(version)] as const);
  return lockOf({ packages: Object.fromEntries(packages) });
}
