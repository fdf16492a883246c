/** `run.mjs FILE ARGUMENTS...`: the program behind `npm run bench:calls` and similar commands; it keeps no compiled files. */
import { createServer } from "vite";

const [file, ...words] = process.argv.slice(2);
const root = new URL("../..", import.meta.url).pathname;
// the server stays open: dynamic imports need it later
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
