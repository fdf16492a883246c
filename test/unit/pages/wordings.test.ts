import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, pages, readAsset } from "../../../src/do/assets.js";

// Outputs that no test can produce (a bake, a booting host, AWS) must have wordings that the programs still print.

const sources = ["src", "cloud-init", "templates", "packer"]
  .flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
  )
  .join("\n")
  .replace(/\s+/g, " ");

/** Phrases that programs compose of several strings. */
const composed = ["nothing to delete", "every instance runs version"];

const blocks = pages().flatMap((page) =>
  [...readAsset(page).matchAll(/(<!-- output: [^\n]+ -->\n\n)?```\n([\s\S]*?)```/g)].flatMap(
    ([, marker, text = ""], index) =>
      marker === undefined && /^(\$ |CALL |boot {2})/m.test(text)
        ? [{ name: `${page}, ${index + 1}`, text }]
        : [],
  ),
);

test("there are such outputs", () => expect(blocks.length).toBeGreaterThan(10));

test.each(blocks)("$name", ({ text }) => {
  const unknown = phrasesOf(text).filter((phrase) => !sources.includes(phrase) && !composed.includes(phrase));
  expect(unknown).toEqual([]);
});

/** Three or more consecutive words, without parts that vary: names, numbers, times. */
function phrasesOf(output: string): string[] {
  const lines = output.split("\n").filter((line) => !line.startsWith("$ "));
  return lines
    .flatMap((line) => line.split(/ {2,}|[,:;()]|\S*[^a-z' ,:;()]\S*/))
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase.split(" ").length >= 3);
}
