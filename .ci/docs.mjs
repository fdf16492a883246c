// `npm run docs`: writes what is generated from the settings table and the examples.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "../dist/compute/generated-files.js";
import { packageRoot, pages, readAsset } from "../dist/do/assets.js";

for (const { path, content } of generatedFiles(readAsset, pages())) {
  writeFileSync(join(packageRoot, path), content);
}
