import type { Artefact } from "../artefact.js";

/** What a target gives to the Packer template, which builds on each target by its own builder. */
export interface PackerBuilder {
  /** Packer's name of the builder, such as qemu. */
  type: string;
  source: object;
  /** Further sources, for builders that bake in parts. */
  parts?: readonly PackerSource[];
  variables: Record<string, PackerVariable>;
  /** Files of the build folder that only this builder reads. */
  files: readonly Artefact[];
}

/** A source of the template: `source.TYPE.NAME`. */
export interface PackerSource {
  type: string;
  name: string;
  source: object;
}

export interface PackerVariable {
  default: string;
  description: string;
}

/** What `packer init` fetches for Packer versions that do not bring the builder along. */
export interface PackerPlugin {
  source: string;
  version: string;
}
