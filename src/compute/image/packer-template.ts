import { namedTargets } from "../../targets/lookup.js";
import type { Fleet } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";
import type { PackerBuilder, PackerSource, PackerVariable } from "./packer-builder.js";
import type { PackerDialect } from "./packer-dialect.js";
import { provisioners } from "./provisioners.js";

/** Names of the template's variables; bake-image gives their values on Packer's command line. */
export const outputDirectoryVariable = "${var.output_directory}";

/** The builders of the targets that the fleet has images for, by the targets' names. */
export function packerBuilders(fleet: Fleet, dialect: PackerDialect): Map<string, PackerBuilder> {
  return new Map(
    namedTargets.flatMap(([name, target]) => {
      const builder = target.packerBuilder(fleet, dialect);
      return builder === undefined ? [] : [[name, builder] as const];
    }),
  );
}

/** The template as a value for JSON. Its strings are HCL templates, so `${var.…}` refers to a variable. */
export function packerTemplate(fleet: Fleet, builders: ReadonlyMap<string, PackerBuilder>): object {
  const named = [...builders];
  const sources = named.flatMap(([name, { type, source, parts = [] }]) => [{ type, name, source }, ...parts]);
  return {
    "//": generatedNote("").trim(),
    packer: { required_version: ">= 1.6.6" },
    variable: {
      output_directory: text({
        default: "output",
        description: "Folder that the image and its manifests are written to; must not exist.",
      }),
      ...Object.fromEntries(
        named.flatMap(([, { variables }]) =>
          Object.entries(variables).map(([name, variable]) => [name, text(variable)] as const),
        ),
      ),
    },
    source: byType(sources),
    build: [
      {
        sources: sources.map(({ type, name }) => `source.${type}.${name}`),
        provisioner: provisioners(fleet.image, outputDirectoryVariable),
        "post-processor": [
          { manifest: { output: `${outputDirectoryVariable}/packer-manifest.json`, strip_path: true } },
        ],
      },
    ],
  };
}

/** Several sources may use one type of builder. */
function byType(sources: readonly PackerSource[]): object {
  const types = [...new Set(sources.map(({ type }) => type))];
  return Object.fromEntries(
    types.map((type) => [
      type,
      Object.fromEntries(
        sources.filter((one) => one.type === type).map(({ name, source }) => [name, source]),
      ),
    ]),
  );
}

function text({ default: value, description }: PackerVariable): object {
  return { type: "string", default: value, description };
}

/** The file for `packer init`, for Packer versions without built-in builders. It is separate, because 1.6 refuses it. */
export function packerPlugins(): object {
  const plugins = namedTargets.map(([, target]) => target.packerPlugins);
  return {
    "//": generatedNote("").trim(),
    packer: { required_plugins: Object.assign({}, ...plugins) as object },
  };
}
