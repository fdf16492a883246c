/** `npm run bench:calls`: sets up what it needs, then runs main.ts (no compiled copy of it is kept). */
import { runnerImport } from "vite";

const root = new URL("../..", import.meta.url).pathname;
const { module } = await runnerImport(`${root}test/bench/main.ts`, {
  root,
  configFile: false,
  logLevel: "error",
});
await module.main(process.argv.slice(2));
process.exit();
