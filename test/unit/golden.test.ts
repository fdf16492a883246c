import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { render } from "../../src/commands/render.js";
import { imageSources } from "../../src/do/assets.js";

// Each folder of test/golden has a fleet file and, in `expected`, all rendered files except static ones. Static files are compared with the
// package's files.
const golden = join(import.meta.dirname, "../golden");
const cases = readdirSync(golden);
const out = mkdtempSync(join(tmpdir(), "golden-"));

beforeAll(async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.stubEnv("KAM_DB_PASSWORD", "the password");
  for (const name of cases) {
    await render(join(golden, name, "fleet.yaml"), { out: join(out, name) });
    await render(join(golden, name, "fleet.yaml"), { out: join(out, `${name} again`) });
  }
});
afterAll(() => rmSync(out, { recursive: true }));

/** The image has this file for unconfigured hosts; a host's user-data replaces it. */
const replaced = "etc/kamailio/networks.list";
const baked = imageSources().rootfs.filter(({ path }) => path !== replaced);
const statics = new Map(baked.map((file) => [`rootfs/${file.path}`, file]));
const packerScripts = new Map(imageSources().packer.map((file) => [`packer/${file.path}`, file]));

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

/** The package's file of which a rendered file must be a copy. */
function original(path: string) {
  const inFolder = path.replace(/^(image|hosts\/[^/]+)\//, "");
  return statics.get(inFolder) ?? packerScripts.get(inFolder);
}

describe.each(cases)("%s", (name) => {
  const folder = join(out, name);
  const expected = join(golden, name, "expected");

  test("rendered files are the expected ones, none more, none less", async () => {
    const made = filesBelow(folder).filter((path) => !original(path) && !path.endsWith("user-data"));
    for (const path of made) {
      await expect(readFileSync(join(folder, path), "utf8")).toMatchFileSnapshot(join(expected, path));
    }
    expect(filesBelow(expected)).toEqual(made);
  });

  test("static files are the package's own", () => {
    const copies = filesBelow(folder).filter((path) => original(path));
    expect(copies.length).toBeGreaterThan(statics.size);
    for (const path of copies)
      expect(readFileSync(join(folder, path)).equals(Buffer.from(original(path)?.content ?? ""))).toBe(true);
  });

  test("user-data is the readable one, compressed", () => {
    for (const path of filesBelow(folder).filter((file) => file.endsWith("user-data"))) {
      if (path.startsWith("image/")) continue;
      const bytes = readFileSync(join(folder, path));
      expect(gunzipSync(bytes).toString()).toBe(readFileSync(join(folder, `${path}.yaml`), "utf8"));
    }
  });

  test("rendered twice, every byte is the same", () => {
    const again = join(out, `${name} again`);
    expect(filesBelow(again)).toEqual(filesBelow(folder));
    for (const path of filesBelow(folder)) {
      expect(readFileSync(join(again, path)).equals(readFileSync(join(folder, path))), path).toBe(true);
    }
  });

  test("secrets and user-data are readable by their owner alone", () => {
    const secret = filesBelow(folder).filter(
      (path) => /\/user-data(\.yaml)?$|\/secrets\//.test(path) && path.startsWith("hosts"),
    );
    for (const path of secret) expect(statSync(join(folder, path)).mode & 0o077, relative(out, path)).toBe(0);
  });
});
