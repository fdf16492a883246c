import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../do/assets.js";
import { withGeneratedParts } from "../understand/readme.js";
import { fleetJsonSchema } from "../understand/json-schema.js";

/** `npm run docs`: writes what is generated from the settings table and the examples. */
export async function docs(): Promise<void> {
  const readme = join(packageRoot, "README.md");
  const example = (path: string) => readFileSync(join(packageRoot, path), "utf8");
  await writeFile(readme, withGeneratedParts(await readFile(readme, "utf8"), example));
  await writeFile(
    join(packageRoot, "docs/fleet.schema.json"),
    `${JSON.stringify(fleetJsonSchema(), null, 2)}\n`,
  );
}
