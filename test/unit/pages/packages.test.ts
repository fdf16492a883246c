import { expect, test } from "vitest";
import { readAsset } from "../../../src/do/assets.js";
import { debianPackages } from "../../../src/do/debian-packages.js";

test("docs/images.md lists the Debian packages of a bake", () => {
  const [, words = ""] =
    /apt-get install --no-install-recommends ([\s\S]*?)```/.exec(readAsset("docs/images.md")) ?? [];
  expect(words.split(/[\s\\]+/).filter(Boolean)).toEqual([...debianPackages.bake]);
});
