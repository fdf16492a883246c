import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareVersions } from "../../src/compute/image/debian-version.js";
import { lockText, type ImageLock } from "../../src/compute/image/lock.js";
import { attempt, run } from "../../src/do/process.js";
import { refuseWeakKeys } from "../../src/do/signing-keys.js";
import { AptArchive } from "../support/apt-archive.js";
import { cli } from "../support/demo-image.js";
import { fleetOf } from "../support/fleets.js";
import { lockOf } from "../support/locks.js";

// `image outdated` and `bake --locked` query apt, here with an archive in a folder.

const folder = mkdtempSync(join(tmpdir(), "archives-"));
afterAll(() => rmSync(folder, { recursive: true }));
let repository: AptArchive;
const archive = join(folder, "archive");

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Publishes versions of packages in a signed suite. */
function publish(suite: string, versions: Record<string, string>, architecture = "amd64"): Promise<void> {
  const entries = Object.entries(versions).map(([name, version]) => [name, { version }] as const);
  return repository.publish(suite, Object.fromEntries(entries), architecture);
}

const lockFile = join(folder, "fleet.lock");
const fleetFile = join(folder, "fleet.yaml");

beforeAll(async () => {
  repository = await AptArchive.make(archive, join(folder, "gpg"));
  const component = { components: ["main"], key: Buffer.from(await repository.key()).toString("base64") };
  const installed = (version: string) => ({ version, architecture: "amd64", source: "x" });
  const lock = lockOf({
    archives: { [`file:${archive} stable`]: component, [`file:${archive} stable-security`]: component },
    packages: { one: installed("1.0"), two: installed("1:2.0-1"), three: installed("3") },
  });
  writeFileSync(lockFile, lockText(lock));
  writeFileSync(
    fleetFile,
    `fleet: test
image: { media_relay: rtpengine }
database: { dbhost: db.example.com, dbpass_kam: secret }
proxies: { p0: { public_ip_address: 192.0.2.1, private_ip_address: 10.0.0.1 } }
recorders: { r0: { private_ip_address: 10.0.0.3 } }
`,
  );
});

const sipProxy = (...words: string[]) =>
  attempt({
    argv: [...cli, ...words],
    env: { XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder },
    timeout: 120_000,
  });
const outdated = (tracker = "none") =>
  sipProxy("image", "outdated", fleetFile, lockFile, "--json", "--exit-code", "--tracker", tracker);

test("an image whose archives have nothing newer is not outdated", async () => {
  await publish("stable", { one: "1.0", two: "1:2.0-1", three: "3" });
  await publish("stable-security", {});
  const { exitCode, stdout } = await outdated();
  expect(JSON.parse(stdout)).toMatchObject({ security: 0, packages: [], sources: [] });
  expect(exitCode).toBe(0);
});

test("newer versions are named with the archive that has them, security updates among them; exit code 3", async () => {
  await publish("stable", { one: "1.1", two: "1:2.0-1", three: "2.9" });
  await publish("stable-security", { two: "1:2.0-1+u1" });
  const { exitCode, stdout } = await outdated();
  expect(JSON.parse(stdout)).toMatchObject({
    security: 1,
    packages: [
      { name: "one", installed: "1.0", candidate: "1.1", security: false },
      {
        name: "two",
        installed: "1:2.0-1",
        candidate: "1:2.0-1+u1",
        archives: [`file:${archive} stable-security/main`],
        security: true,
      },
    ],
  });
  expect(exitCode).toBe(3);
});

test("flaws that security updates mend have the tracker's names; without it the rest is told", async () => {
  const flaw = (status: string, fixed_version?: string) => ({
    releases: {
      stable: { status, fixed_version, repositories: {} },
      other: { status: "resolved", fixed_version: "1:2.0-1+u1" },
    },
  });
  const flaws = {
    "CVE-2026-1000": flaw("resolved", "1:2.0-1+u1"),
    "CVE-2026-999": flaw("resolved", "1:2.0-1+u0"),
    "CVE-2026-1": flaw("resolved", "1:2.0-1"),
    "CVE-2026-2": flaw("resolved", "1:2.0-2"),
    "CVE-2026-3": flaw("resolved", "0"),
    "CVE-2026-4": flaw("open"),
  };
  write(
    join(folder, "tracker.json"),
    JSON.stringify({ x: flaws, unlike: { "CVE-1": flaw("resolved", "9") } }),
  );
  const known = await outdated(`file:${join(folder, "tracker.json")}`);
  expect(JSON.parse(known.stdout)).toMatchObject({
    packages: [
      { name: "one", flaws: [] },
      { name: "two", flaws: ["CVE-2026-999", "CVE-2026-1000"] },
    ],
  });
  write(join(folder, "page.json"), "<html>");
  for (const [path, why] of [
    ["nowhere", "is not there"],
    ["page.json", "is not the security tracker's data"],
  ]) {
    const { exitCode, stdout } = await outdated(`file:${join(folder, path ?? "")}`);
    const said = JSON.parse(stdout) as { packages: object[]; notes: string[] };
    expect(said.packages).toHaveLength(2);
    expect(said.notes).toContainEqual(expect.stringMatching(new RegExp(`^the CVEs are not known: .*${why}`)));
    expect(exitCode).toBe(3);
  }
});

test("versions are compared as dpkg does", async () => {
  const versions = [
    "0",
    "1.0~rc1",
    "1.0",
    "1.0-1~deb13u1",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1+deb13u2",
    "1.0-1+deb13u10",
    "1.0+dfsg-1",
    "1.0a-1",
    "1.10-2",
    "2:0.1",
    "1.0-1.1",
    "1.0.-1",
    "007",
    "7",
  ];
  const pairs = versions.flatMap((one) => versions.map((other) => [one, other] as const));
  const script =
    'while read -r a b; do dpkg --compare-versions "$a" lt "$b" && echo -1 || { dpkg --compare-versions "$a" eq "$b" && echo 0 || echo 1; }; done';
  const input = pairs.map((pair) => `${pair.join(" ")}\n`).join("");
  const { stdout } = await run({ argv: ["bash", "-c", script], input, timeout: 120_000 });
  const ours = pairs.map(([one, other]) => [one, other, Math.sign(compareVersions(one, other))].join(" "));
  expect(ours).toEqual(
    stdout
      .trim()
      .split("\n")
      .map((sign, index) => [...(pairs[index] ?? []), sign].join(" ")),
  );
});

test("a locked bake whose packages are gone ends before anything is made, and names what replaced them", async () => {
  const { exitCode, stderr } = await sipProxy("bake", fleetFile, "--target", "local", "--locked");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("one 1.0 -> 1.1\n");
  expect(stderr).toContain("three 3 -> 2.9\n");
  expect(stderr).not.toContain("two 1:2.0-1");
  expect(stderr).toContain("image.snapshot");
});

test("an archive that does not answer, or that another key has signed, is an error: exit code 1", async () => {
  await repository.addKey("other@example.com");
  await repository.sign("stable", "other@example.com");
  const { exitCode, stderr } = await outdated();
  expect(exitCode).toBe(1);
  expect(stderr).toContain("NO_PUBKEY");
  rmSync(archive, { recursive: true });
  expect((await outdated()).exitCode).toBe(1);
});

test("two lock files are needed for a comparison without asking anybody", async () => {
  const other = join(folder, "other.lock");
  writeFileSync(
    other,
    lockText(lockOf({ packages: { one: { version: "1.1", architecture: "amd64", source: "x" } } })),
  );
  const { exitCode, stdout } = await sipProxy("image", "diff", lockFile, other, "--exit-code");
  expect(stdout).toContain("~ package one: 1.0 -> 1.1");
  expect(exitCode).toBe(3);
  expect((await sipProxy("image", "diff", lockFile, lockFile, "--exit-code")).exitCode).toBe(0);
  expect((await sipProxy("image", "diff", lockFile)).exitCode).toBe(2);
});

test("a lock file becomes a bill of materials, in the program as it is built too", async () => {
  const { stdout } = await sipProxy("image", "sbom", lockFile);
  expect(JSON.parse(stdout)).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
});

test("a key that has signed itself with SHA-1 alone is named before a bake, but for Debian 12, whose apt takes it", async () => {
  const keys = join(import.meta.dirname, "../support/keys");
  const look = (base: string, key: string) => {
    const repositories = { site: { uri: "https://apt.example.com", suite: "stable", key } };
    return refuseWeakKeys(fleetOf({ image: { base, repositories } }).image, join(keys, "fleet.yaml"));
  };
  await expect(look("debian-13", "signed-with-sha1.asc")).rejects.toThrow(
    "image.repositories.site: the self-signatures of key F35ABFC3CB4CC1D1 in signed-with-sha1.asc use SHA-1 only",
  );
  await look("debian-13", "signed-with-sha256.asc");
  await look("debian-12", "signed-with-sha1.asc");
});

test("the packages of an image for other processors are those that are asked for", async () => {
  const lock = JSON.parse(readFileSync(lockFile, "utf8")) as ImageLock;
  const packages = Object.entries(lock.packages).map(([name, one]) => [
    name,
    { ...one, architecture: "arm64" },
  ]);
  const other = join(folder, "arm64.lock");
  writeFileSync(other, lockText({ ...lock, packages: Object.fromEntries(packages) as typeof lock.packages }));
  for (const suite of ["stable", "stable-security"]) await publish(suite, { two: "1:2.0-2" }, "arm64");
  const { exitCode, stdout } = await sipProxy("image", "outdated", fleetFile, other, "--json", "--exit-code");
  expect(JSON.parse(stdout)).toMatchObject({ packages: [{ name: "two", candidate: "1:2.0-2" }] });
  expect(exitCode).toBe(3);

  const hostile = join(folder, "hostile.lock");
  writeFileSync(hostile, readFileSync(other, "utf8").replaceAll('"arm64"', '"x\\";APT::Update::Pre-Invoke"'));
  const refused = await sipProxy("image", "outdated", fleetFile, hostile);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("of an image for x")]);
});
