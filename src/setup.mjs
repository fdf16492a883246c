// Set-up for a fresh clone: dependencies from the lock file, then the build. It runs before any dependency
// exists, so it uses Node alone. Each step runs only when its input is newer than what it made.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

// what package.json says under engines: what Vite and ESLint need; 21 and 23 were odd releases
const [major, minor] = process.versions.node.split(".").map(Number);
if (!(major === 20 ? minor >= 19 : major === 22 ? minor >= 13 : major >= 24))
  fail(
    `Node ${process.versions.node} is not supported: sip-proxy needs Node 20.19, 22.13 or 24, or later releases of these`,
  );

step("npm ci", "installing the packages of package-lock.json", join(root, "node_modules", ".setup"), [
  join(root, "package-lock.json"),
]);
step(
  "npm run --silent build",
  "compiling src to dist",
  join(root, "dist", ".setup"),
  sources(join(root, "src")),
);

function step(command, what, stamp, inputs) {
  const hash = createHash("sha256");
  for (const file of inputs) hash.update(file.slice(root.length)).update(readFileSync(file));
  const digest = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  console.error(`setup: ${what} (${command})`);
  const started = Date.now();
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: ["ignore", 2, 2] });
  if (status !== 0) fail(`\`${command}\` failed`);
  writeFileSync(stamp, digest);
  console.error(`setup: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function sources(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
  return [...files, join(root, "tsconfig.json"), join(root, "package-lock.json")];
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
