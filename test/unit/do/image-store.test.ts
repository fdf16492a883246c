import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  imagesFolder,
  noteReturned,
  storedManifests,
  writeManifest,
  type Manifest,
} from "../../../src/do/bake/image-store.js";

const data = mkdtempSync(join(tmpdir(), "image-store-"));
const before = process.env["XDG_DATA_HOME"];
process.env["XDG_DATA_HOME"] = data;
afterAll(() => {
  if (before === undefined) delete process.env["XDG_DATA_HOME"];
  else process.env["XDG_DATA_HOME"] = before;
  rmSync(data, { recursive: true });
});

test("the image that a bake returned or made last comes first", async () => {
  const keys = async () => (await storedManifests("voice")).map(({ manifest }) => manifest.key);
  const baked = (key: string, bakedAt: string) =>
    writeManifest(join(imagesFolder("voice"), key), { key, bakedAt } as Manifest);
  await baked("first", "2026-01-01T00:00:00.000Z");
  await baked("second", "2026-01-02T00:00:00.000Z");
  expect(await keys()).toEqual(["second", "first"]);
  await noteReturned(join(imagesFolder("voice"), "first"));
  expect(await keys()).toEqual(["first", "second"]);
  await baked("third", "2126-01-01T00:00:00.000Z");
  expect(await keys()).toEqual(["third", "first", "second"]);
});
