import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, pages } from "../../../src/do/assets.js";

// Links within the project must lead to existing files and headings.

const documents = [...pages(), "src/lab/README.md", "CHANGELOG.md"];

test.each(documents)("%s: every link leads somewhere", (page) => {
  const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const broken = links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link));
  expect(broken).toEqual([]);
});

test("every page is reached from README.md", () => {
  const missing = pages().filter(
    (page) => page !== "README.md" && !prose("README.md").includes(`](${page})`),
  );
  expect(missing).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(packageRoot, target))) return false;
  return anchor === undefined || anchors(target).has(anchor);
}

/** The anchors of a page's headings, in GitHub's form. */
function anchors(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** A page without its code blocks. */
function prose(page: string): string {
  return readFileSync(join(packageRoot, page), "utf8").replace(/^```[\s\S]*?^```/gm, "");
}
