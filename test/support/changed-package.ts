import { appendFileSync, cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/do/assets.js";

/** Makes a copy of the package below `folder`, with one more line in a script of the bake. Returns its command line. */
export function changedPackage(folder: string, script: string, line: string): readonly [string, string] {
  const tree = join(folder, "package");
  mkdirSync(tree);
  for (const name of ["dist", "packer", "cloud-init", "templates", "package.json"])
    cpSync(join(packageRoot, name), join(tree, name), { recursive: true });
  symlinkSync(join(packageRoot, "node_modules"), join(tree, "node_modules"));
  appendFileSync(join(tree, "packer", script), `\n${line}\n`);
  return [process.execPath, join(tree, "dist/sip-proxy.js")];
}
