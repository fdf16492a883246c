/** `run.mjs FILE ARGUMENTS...`: what `npm run bench:calls` and `bench:media` run (no compiled copy of it is kept). */
import { runnerImport } from "vite";

const [file, ...words] = process.argv.slice(2);
const root = new URL("../..", import.meta.url).pathname;
const { module } = await runnerImport(`${root}test/bench/${file}`, {
  root,
  configFile: false,
  logLevel: "error",
});
await module.main(words);
process.exit();
