import type { Artefact } from "../artefact.js";

/** Folders of the package that are baked into the image. */
export interface BakedSources {
  /** templates/kamailio */
  kamailio: readonly Artefact[];
  /** cloud-init/bin */
  scripts: readonly Artefact[];
  /** cloud-init/sbin: what operators call by its name. */
  commands: readonly Artefact[];
  /** cloud-init/units */
  units: readonly Artefact[];
}

/** The static files of the image, the same on every host, by their path below /. */
export function bakedFiles({ kamailio, scripts, commands, units }: BakedSources): Artefact[] {
  const below = (folder: string, files: readonly Artefact[]) =>
    files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
  return [
    ...below("etc/kamailio", kamailio),
    ...below("usr/lib/sip-proxy", scripts),
    ...below("usr/sbin", commands),
    ...below("etc/systemd/system", units),
  ];
}
