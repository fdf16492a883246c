// `npm run docs`: writes what is generated from the settings table, the examples and the tree of commands.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manPage } from "../dist/cli/man-page.js";
import { program } from "../dist/cli/program.js";
import { generatedFiles } from "../dist/compute/generated-files.js";
import { packageRoot, pages, readAsset } from "../dist/do/assets.js";

const manual = { path: "docs/sip-proxy.1", content: manPage(program()) };

for (const { path, content } of [...generatedFiles(readAsset, pages()), manual]) {
  writeFileSync(join(packageRoot, path), content);
}
