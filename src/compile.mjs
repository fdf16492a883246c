// Builds src to dist in two seconds: the types are left out, not checked (tsc does that, which takes fifteen: `npm run check`,
// `npm test`). Each program has what it takes of the packages in a few files: reading 700 of them takes a command three times
// the CPU of its start.
import { chmodSync, readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { transformWithOxc } from "vite";

const [from, to] = ["../src", "../dist"].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

rmSync(to, { recursive: true, force: true });

const programs = ["sip-proxy", "bake-image", "lab/platform", "lab/recorder"];
await build({
  input: Object.fromEntries(programs.map((name) => [name, join(from, `${name}.ts`)])),
  platform: "node",
  // the library of the bill of materials finds its files by where it lies; pg takes pg-native where that is installed
  external: ["@cyclonedx/cyclonedx-library", "pg-native"],
  onwarn: (warning) => {
    throw new Error(warning.message);
  },
  output: { dir: to, entryFileNames: "[name].js", chunkFileNames: "parts/[name].js" },
});

// `npm link` makes them programs once; a later build must leave the commands usable
for (const name of programs.slice(0, 2)) chmodSync(join(to, `${name}.js`), 0o755);

// the dashboard's page: a browser loads each file
mkdirSync(join(to, "page"));
for (const name of readdirSync(join(from, "page")).filter((file) => file.endsWith(".ts"))) {
  const { code } = await transformWithOxc(readFileSync(join(from, "page", name), "utf8"), name, {
    sourcemap: false,
  });
  writeFileSync(join(to, "page", `${basename(name, ".ts")}.js`), code);
}
