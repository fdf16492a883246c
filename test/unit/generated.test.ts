import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../src/compute/generated-files.js";
import { packageRoot, readAsset } from "../../src/do/assets.js";

test.each(generatedFiles(readAsset))(
  "$path is as it is generated (if not: npm run docs)",
  ({ path, content }) => {
    expect(readFileSync(join(packageRoot, path), "utf8")).toBe(content);
  },
);

test("README.md shows every example, and which settings are the role's", () => {
  const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
  for (const name of readdirSync(join(packageRoot, "examples")))
    expect(readme).toContain(`<!-- example: examples/${name} -->`);
  expect(readme).toContain("`siprec_protocol` ®");
});
