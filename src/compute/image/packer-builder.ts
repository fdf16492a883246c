import type { Artefact } from "../artefact.js";

/** A target's part of the Packer template: its builder. */
export interface PackerBuilder {
  /** Packer's name of the builder, such as qemu. */
  type: string;
  source: object;
  /** More sources, for builders that bake in parts. */
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

/** The plugin that `packer init` installs for Packer versions without a built-in builder. */
export interface PackerPlugin {
  source: string;
  version: string;
}
