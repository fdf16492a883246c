// `npm run docs`: writes what is generated from the settings table and the examples.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "../dist/compute/generated-files.js";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

for (const { path: name, content } of generatedFiles((asset) => readFileSync(path(asset), "utf8"))) {
  writeFileSync(path(name), content);
}
