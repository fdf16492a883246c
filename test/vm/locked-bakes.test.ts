import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLock } from "../../src/compute/image/lock.js";
import type { Manifest } from "../../src/do/bake/image-store.js";
import { bakeInto, writeFleet } from "../support/demo-image.js";
import { differences, filesOf, rawDisk, shapeOf, type DiskFiles } from "../support/image-disk.js";
import { SnapshotMirror } from "../support/snapshot-mirror.js";

// An image, and two images of its lock file: one from this machine's cached base and downloads, one with everything fetched and built
// again, Debian's packages from a mirror of snapshots.

const folder = mkdtempSync(join(tmpdir(), "locked-bakes-"));
const mirror = new SnapshotMirror();
afterAll(() => {
  mirror.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Baked {
  manifest: Manifest;
  lock: Buffer;
  sbom: Buffer;
  files: DiskFiles;
  shape: string;
}

/** `snapshot`: the address of a mirror of snapshots for the fleet file. */
async function bake(name: string, more: string[] = [], snapshot?: string): Promise<Baked> {
  const fleet = join(folder, `${name}-fleet`);
  mkdirSync(fleet);
  const file = writeFleet(fleet);
  const env: Record<string, string> = {};
  if (snapshot !== undefined) {
    env["XDG_CACHE_HOME"] = join(folder, "cache");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^image:\n/m, `$&  snapshot: ${snapshot}\n`));
  }
  const options = { more: ["--force", ...more], env };
  const { path, manifest } = await bakeInto(join(folder, name), file, options);
  console.log(`${name}: baked in ${manifest.seconds.total} s`);
  const beside = (file: string) => readFileSync(join(dirname(path), file));
  const raw = join(folder, `${name}.raw`);
  await rawDisk(path, raw);
  const [files, shape] = [await filesOf(raw), await shapeOf(raw)];
  rmSync(raw);
  return { manifest, lock: beside("image.lock"), sbom: beside("sbom.cdx.json"), files, shape };
}

let first: Baked;
let kept: Baked;
let anew: Baked;

beforeAll(async () => {
  first = await bake("first");
  const lock = join(folder, "first/sip-proxy/images/demo", first.manifest.key, "image.lock");
  kept = await bake("kept", ["--locked", lock]);
  const snapshot = await mirror.start(readLock(first.lock.toString())?.archivesFrom ?? "");
  anew = await bake("anew", ["--locked", lock], snapshot);
});

test("the second was made of nothing that was there before", () => {
  expect(anew.manifest.seconds.steps.map(({ title }) => title)).toContain("installing Kamailio");
});

test("its packages came from the mirror of snapshots, at the time of the lock file", () => {
  const packages = Object.values(readLock(first.lock.toString())?.packages ?? {});
  // both archives may have the same version
  const files = packages.flatMap(({ archive = "", file = "" }) =>
    /\/(debian|debian-security) /.test(archive) ? [basename(file)] : [],
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => !mirror.asked.has(file))).toEqual([]);
  // translations and other optional indexes are asked for below the same paths
  expect(mirror.refused).toEqual([]);
});

test("lock file and bill of materials have the same bytes", () => {
  for (const image of [kept, anew]) {
    expect(image.lock.equals(first.lock)).toBe(true);
    expect(image.sbom.equals(first.sbom)).toBe(true);
    expect(image.manifest.contents.packages).toEqual(first.manifest.contents.packages);
  }
});

test("the disks have the same files, but for times: paths, types, modes, owners, links, checksums, capabilities", () => {
  expect(kept.files.exact.size).toBeGreaterThan(10_000);
  console.log(`differ in times: ${differences(kept.files.exact, anew.files.exact).join(", ") || "none"}`);
  expect(differences(kept.files.timeless, anew.files.timeless)).toEqual([]);
});

test("and the same partitions, and filesystems of one name", () => {
  expect(anew.shape).toContain("start=        2048");
  expect(anew.shape).toBe(kept.shape);
});
