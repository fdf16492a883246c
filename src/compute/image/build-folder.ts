import type { Fleet } from "../../understand/fleet.js";
import type { Artefact } from "../artefact.js";
import { additions, type AddedTexts } from "./additions.js";
import type { PackerDialect } from "./packer-dialect.js";
import { packerBuilders, packerPlugins, packerTemplate } from "./packer-template.js";
import { pinnedSources } from "./pinned-sources.js";

/** The files for the build folder. */
export interface ImageSources {
  /** The static files of the image, equal on every host; paths are relative to /. */
  rootfs: readonly Artefact[];
  /** packer */
  packer: readonly Artefact[];
  /** The files that `image` names by path. */
  added?: AddedTexts;
  /** Files that restrict packages to a lock file. */
  locked?: readonly Artefact[];
}

/**
 * Packer's build folder: the template and all files that it uploads. `sources/` lists the sources that are needed; bake-image
 * adds them, so that the builder does not have to fetch them.
 */
export function buildFolder(fleet: Fleet, sources: ImageSources, dialect: PackerDialect = "1.6"): Artefact[] {
  const builders = packerBuilders(fleet, dialect);
  return [
    { path: "sip-proxy.pkr.json", content: json(packerTemplate(fleet, builders)) },
    { path: "plugins/plugins.pkr.json", content: json(packerPlugins()) },
    ...[...builders.values()].flatMap(({ files }) => files),
    { path: "sources/sources.json", content: json(pinnedSources(fleet.image)) },
    ...(sources.locked ?? []),
    ...additions(fleet.image, sources.added ?? new Map()),
    ...sources.packer.map((file) => ({ ...file, path: `packer/${file.path}` })),
    ...sources.rootfs.map((file) => ({ ...file, path: `rootfs/${file.path}` })),
  ];
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
