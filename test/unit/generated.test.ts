import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsPage } from "../../src/cli/commands-page.js";
import { manPage } from "../../src/cli/man-page.js";
import { program } from "../../src/cli/program.js";
import { generatedFiles } from "../../src/compute/generated-files.js";
import { packageRoot, pages, readAsset } from "../../src/do/assets.js";

const ofCommands = [
  { path: "docs/sip-proxy.1", content: manPage(program()) },
  { path: "docs/commands.md", content: commandsPage(program()) },
];

test.each([...generatedFiles(readAsset, pages()), ...ofCommands])(
  "$path is as it is generated (if not: npm run docs)",
  ({ path, content }) => {
    expect(readFileSync(join(packageRoot, path), "utf8")).toBe(content);
  },
);

test("the documentation shows every example of a fleet file, links the others, and says which settings are the role's", () => {
  const documentation = pages().map(readAsset).join("\n");
  for (const name of readdirSync(join(packageRoot, "examples")))
    expect(documentation).toContain(
      name.endsWith(".yaml") ? `<!-- example: examples/${name} -->` : `](../examples/${name}/`,
    );
  expect(documentation).toContain("`siprec_protocol` ®");
});
