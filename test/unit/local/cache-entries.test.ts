import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deleteEntry, listCache, unusedSince } from "../../../src/do/local/cache-entries.js";

const DAY = 86_400;
let root: string;
const ago = async (path: string, days: number) => {
  const seconds = Date.now() / 1000 - days * DAY;
  await utimes(join(root, path), seconds, seconds);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
  for (const folder of ["base/old", "base/new", "chroot/.tmp-going-on"])
    await mkdir(join(root, folder), { recursive: true });
  await mkdir(join(root, "sources"));
  await writeFile(join(root, "sources/a.tar.gz"), Buffer.alloc(100_000, 1));
  await writeFile(join(root, "base/new.lock"), "{}");
  await writeFile(join(root, "accelerator.json"), "{}");
  await ago("base/old", 40);
  await ago("sources/a.tar.gz", 31);
});

afterEach(() => rm(root, { recursive: true, force: true }));

const names = (entries: { kind: string; name: string }[]) =>
  entries.map(({ kind, name }) => `${kind}/${name}`);

describe("what the cache holds", () => {
  it("is listed by kind, the one used last first; locks and work that goes on are not", async () => {
    const entries = await listCache(root);
    expect(names(entries)).toEqual(["base/new", "base/old", "sources/a.tar.gz"]);
    expect(entries[2]?.bytes).toBeGreaterThanOrEqual(100_000);
    expect(await listCache(join(root, "missing"))).toEqual([]);
  });

  it("is unused when it was not used since a time and no container runs on it", async () => {
    const entries = await listCache(root);
    const month = new Date(Date.now() - 30 * DAY * 1000);
    expect(names(unusedSince(entries, month))).toEqual(["base/old", "sources/a.tar.gz"]);
    const running = entries.map((entry) => ({ ...entry, mounted: true }));
    expect(unusedSince(running, month)).toEqual([]);
  });

  it("is deleted, unless it was used since it was listed", async () => {
    const [, old, source] = await listCache(root);
    if (!old || !source) throw new Error("nothing listed");
    await ago("base/old", 1);
    expect(await deleteEntry(old)).toBe(false);
    expect(await deleteEntry(source)).toBe(true);
    expect(await deleteEntry(source)).toBe(false);
    expect(names(await listCache(root))).toEqual(["base/new", "base/old"]);
    expect(await readdir(join(root, "sources"))).toEqual([]);
  });
});
