// `npm run docs`: writes the files that are generated from the settings table, the examples and the command tree.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runnerImport } from "vite";

const load = async (file) =>
  (await runnerImport(`./src/${file}`, { configFile: false, logLevel: "error" })).module;

const { commandsPage } = await load("cli/commands-page.ts");
const { manPage } = await load("cli/man-page.ts");
const { program } = await load("cli/program.ts");
const { generatedFiles } = await load("compute/generated-files.ts");
const { packageRoot, pages, readAsset } = await load("do/assets.ts");

const ofCommands = [
  { path: "docs/sip-proxy.1", content: manPage(program()) },
  { path: "docs/commands.md", content: commandsPage(program()) },
];

for (const { path, content } of [...generatedFiles(readAsset, pages()), ...ofCommands]) {
  writeFileSync(join(packageRoot, path), content);
}
