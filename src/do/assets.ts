import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artefact } from "../compute/artefact.js";
import type { ImageSources } from "../compute/image/build-folder.js";
import type { HostTemplates } from "../compute/host/templates.js";

/** The package's folder, which contains package.json. This code runs in src/do/assets.ts or bundled in a file of dist. */
export const packageRoot = above(dirname(fileURLToPath(import.meta.url)));

function above(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : above(dirname(folder));
}

/** The text of a file of the package. */
export function readAsset(path: string): string {
  return readFileSync(join(packageRoot, path), "utf8");
}

/** The package's version. */
export function version(): string {
  return (JSON.parse(readAsset("package.json")) as { version: string }).version;
}

/** The pages of the documentation: README.md and docs/*.md. */
export function pages(): string[] {
  const docs = readdirSync(join(packageRoot, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)];
}

/** All files below a folder of the package, in a stable order, with their executable bits. */
export function readAssets(folder: string): Artefact[] {
  const base = join(packageRoot, folder);
  return readdirSync(base, { recursive: true, encoding: "utf8" })
    .map((name) => join(base, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({
      path: relative(base, file),
      content: readFileSync(file),
      mode: statSync(file).mode & 0o100 ? 0o755 : 0o644,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function hostTemplates(): HostTemplates {
  return {
    kamailioLocal: readAsset("templates/host/kamailio-local.cfg.hbs"),
    hostEnv: readAsset("templates/host/host.env.hbs"),
    kamctlrc: readAsset("templates/host/kamctlrc.hbs"),
    seed: readAsset("templates/sql/dispatcher-seed.sql.hbs"),
    schema: readAsset("templates/sql/schema.sql"),
  };
}

/** All files of the package for an image's build folder. */
export function imageSources(): ImageSources {
  return {
    rootfs: [...readAssets("templates/rootfs"), ...readAssets("cloud-init/rootfs")],
    packer: readAssets("packer"),
  };
}
