import { access, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { entryFolder, entryName } from "../../../src/compute/local/cache-key.js";
import { cached, newestOfRecipe } from "../../../src/do/local/cache.js";
import { contentDigest } from "../../../src/do/local/content-digest.js";
import { withLock } from "../../../src/do/local/lock.js";
import { identify } from "../../../src/do/local/process-identity.js";
import { SILENT } from "../../../src/do/local/talk.js";
import { requireTools, type Tool } from "../../../src/do/local/tools.js";

let root: string;
const name = entryName("thing", { recipe: 1 }, "monday");
const build = vi.fn(async (product: string) => writeFile(join(product, "file"), "made"));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
  build.mockClear();
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe("the cache", () => {
  it("builds once", async () => {
    const first = await cached(root, name, build, SILENT);
    expect(first.built).toBe(true);
    expect(await readFile(join(first.folder, "file"), "utf8")).toBe("made");
    expect(await cached(root, name, build, SILENT)).toEqual({ folder: first.folder, built: false });
    expect(build).toHaveBeenCalledTimes(1);
  });

  it("builds once when two ask at the same time", async () => {
    const both = await Promise.all([cached(root, name, build, SILENT), cached(root, name, build, SILENT)]);
    expect(both.map((entry) => entry.built).sort()).toEqual([false, true]);
  });

  it("keeps nothing of a build that failed", async () => {
    const broken = async (product: string) => {
      await writeFile(join(product, "file"), "half");
      throw new Error("interrupted");
    };
    await expect(cached(root, name, broken, SILENT)).rejects.toThrow("interrupted");
    expect(await readdir(root)).toEqual([]);
  });

  it("sweeps up after a process that died, not after one that works", async () => {
    const owners = { dead: { ...identify(process.pid), startTicks: 1 }, alive: identify(process.pid) };
    for (const [owner, identity] of Object.entries(owners)) {
      await mkdir(join(root, `.tmp-${owner}`));
      await writeFile(join(root, `.tmp-${owner}`, "owner.json"), JSON.stringify(identity));
    }
    await cached(root, name, build, SILENT);
    expect((await readdir(root)).sort()).toEqual([".tmp-alive", entryFolder(name)]);
  });

  it("finds the newest entry of the same recipe", async () => {
    const days = { monday: 1, tuesday: 2 };
    for (const [day, time] of Object.entries(days)) {
      const { folder } = await cached(root, { ...name, archive: day }, build, SILENT);
      await utimes(folder, time, time);
    }
    await cached(root, entryName("thing", { recipe: 2 }, "wednesday"), build, SILENT);
    expect(await newestOfRecipe(root, name)).toBe(join(root, entryFolder({ ...name, archive: "tuesday" })));
    expect(await newestOfRecipe(join(root, "missing"), name)).toBeUndefined();
  });
});

describe("a lock", () => {
  it("is taken over from a process that died, and given back", async () => {
    const file = join(root, "lock");
    await writeFile(file, JSON.stringify({ ...identify(process.pid), startTicks: 1 }));
    expect(
      await withLock(
        file,
        () => Promise.resolve("done"),
        () => undefined,
      ),
    ).toBe("done");
    await expect(access(file)).rejects.toThrow();
  });
});

describe("a content digest", () => {
  const fill = async (folder: string, text: string, mode = 0o644) => {
    await mkdir(join(folder, "sub"), { recursive: true });
    await writeFile(join(folder, "sub", "file"), text, { mode });
    return contentDigest(folder);
  };

  it("is the same for the same content elsewhere, and another for another", async () => {
    const digest = await fill(join(root, "a"), "text");
    expect(await fill(join(root, "b"), "text")).toBe(digest);
    expect(await fill(join(root, "c"), "other")).not.toBe(digest);
    expect(await fill(join(root, "d"), "text", 0o755)).not.toBe(digest);
  });
});

describe("a missing tool", () => {
  it("is named with what to install", async () => {
    await expect(requireTools("tar", "no-such-tool" as Tool)).rejects.toMatchObject({
      message: "missing on this machine: no-such-tool",
      hint: expect.stringMatching(/^apt-get install /) as string,
    });
    await expect(requireTools("tar")).resolves.toBeUndefined();
  });
});
