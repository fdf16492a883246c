import type { Fleet } from "../../understand/fleet.js";
import type { Artefact } from "../artefact.js";
import { additions, type AddedTexts } from "./additions.js";
import type { PackerDialect } from "./packer-dialect.js";
import { packerBuilders, packerPlugins, packerTemplate } from "./packer-template.js";
import { pinnedSources } from "./pinned-sources.js";

/** What of the package goes into the build folder. */
export interface ImageSources {
  /** The static files of the image, the same on every host, by their path below /. */
  rootfs: readonly Artefact[];
  /** packer */
  packer: readonly Artefact[];
  /** What `image` names by its path. */
  added?: AddedTexts;
  /** What holds the packages to a lock file. */
  locked?: readonly Artefact[];
}

/**
 * Packer's build folder: the template and all that it uploads. `sources/` says which sources are needed; bake-image
 * puts them there, so that the builder never has to fetch them.
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
