/** `run.mjs FILE ARGUMENTS...`: what `npm run bench:calls` and its like run (no compiled copy of it is kept). */
import { createServer } from "vite";

const [file, ...words] = process.argv.slice(2);
const root = new URL("../..", import.meta.url).pathname;
// it stays: what is imported late is loaded late
const server = await createServer({
  root,
  configFile: false,
  logLevel: "error",
  appType: "custom",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const module = await server.ssrLoadModule(`/test/bench/${file}`);
await module.main(words);
process.exit();
