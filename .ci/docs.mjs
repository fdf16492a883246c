// `npm run docs`: writes what is generated from the settings table and the examples: parts of README.md, and the schema.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fleetJsonSchema } from "../dist/understand/json-schema.js";
import { withGeneratedParts } from "../dist/understand/readme.js";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name) => readFileSync(path(name), "utf8");

writeFileSync(path("README.md"), withGeneratedParts(read("README.md"), read));
writeFileSync(path("docs/fleet.schema.json"), `${JSON.stringify(fleetJsonSchema(), null, 2)}\n`);
