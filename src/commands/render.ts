import { join } from "node:path";
import { talk } from "../cli/talk.js";
import { buildFolder } from "../compute/image/build-folder.js";
import type { PackerDialect } from "../compute/image/packer-dialect.js";
import type { Artefact } from "../compute/artefact.js";
import { readAdditions } from "../do/additions.js";
import { imageSources } from "../do/assets.js";
import { secretReader } from "../do/secrets.js";
import { refuseForeign, removeFolder, writeFiles } from "../do/write-files.js";
import { UsageError } from "../errors.js";
import { FaultsError, findHost, loadFleetAndWarn } from "./load-fleet.js";
import { renderHost, type RenderedHost } from "./render-host.js";

/** A folder with one of these files was written by an earlier run, and may be replaced. */
const templateFile = "sip-proxy.pkr.json";
const userDataFile = "user-data";

export interface RenderOptions {
  out: string;
  host?: string;
  packerDialect?: PackerDialect;
  dryRun?: boolean;
}

/** `sip-proxy render FLEET --out DIR`: writes Packer's build folder, and the user-data and all files of every host. */
export async function render(file: string, options: RenderOptions): Promise<void> {
  if (options.out === "") throw new UsageError("--out must name a folder");
  const { fleet, source } = loadFleetAndWarn(file);
  const hosts = options.host === undefined ? fleet.hosts : [findHost(fleet, options.host)];
  const sources = { ...imageSources(), added: readAdditions(fleet.image, file) };
  const rendered = hosts.map((host) => renderHost(fleet, host, secretReader(file)));
  const faults = rendered.flatMap((host) => host.faults);
  if (faults.length > 0) throw new FaultsError(faults, source);

  const folders = [
    ...(options.host === undefined
      ? [{ name: "image", mark: templateFile, files: buildFolder(fleet, sources, options.packerDialect) }]
      : []),
    ...rendered.map((host) => ({
      name: join("hosts", host.host.name),
      mark: userDataFile,
      files: hostFolder(host, sources.rootfs),
    })),
  ];
  for (const { name, mark } of folders) await refuseForeign(join(options.out, name), mark);
  for (const { name, files } of folders) {
    talk.say(
      `${options.dryRun ? "would write" : "writing"} ${join(options.out, name)}: ${files.length} files`,
    );
    if (options.dryRun) continue;
    // a file that an earlier run has left would be uploaded, or mistaken for a current one
    await removeFolder(options.out, name);
    await writeFiles(join(options.out, name), files);
  }
}

function hostFolder(rendered: RenderedHost, baked: readonly Artefact[]): Artefact[] {
  const onHost = [...baked, ...rendered.files, ...rendered.filledIn];
  return [
    { path: userDataFile, content: rendered.bytes, mode: 0o600 },
    { path: "user-data.yaml", content: rendered.yaml, mode: 0o600 },
    ...onHost.map((entry) => ({ ...entry, path: `rootfs/${entry.path}` })),
  ];
}
