import type { Fleet } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";
import { ec2Source, ec2Variables } from "../../targets/ec2/compute/packer-source.js";
import type { PackerDialect } from "./packer-dialect.js";
import { provisioners } from "./provisioners.js";
import { qemuSource } from "../../targets/local/compute/packer-source.js";

/** Names of the template's variables; bake-image gives their values on Packer's command line. */
export const outputDirectoryVariable = "${var.output_directory}";

const text = (value: string, description: string) => ({ type: "string", default: value, description });

/**
 * The template as a value; Packer reads its JSON. Strings in it are HCL templates: `${var.…}` is meant as such.
 */
export function packerTemplate(fleet: Fleet, dialect: PackerDialect): object {
  const { image } = fleet;
  const { ec2 } = image.targets;
  const sources = {
    qemu: { local: qemuSource(image) },
    ...(ec2 ? { "amazon-ebs": { ec2: ec2Source(fleet.name, image, ec2, dialect) } } : {}),
  };
  return {
    "//": generatedNote("").trim(),
    packer: { required_version: ">= 1.6.6" },
    variable: {
      output_directory: text(
        "output",
        "Folder that the image and its manifests are written to; must not exist.",
      ),
      base_image: text("base.qcow2", "Base image of the local target (sip-proxy makes it)."),
      base_checksum: text("none", "Checksum of base_image, sha256:HEX."),
      ssh_private_key_file: text("", "Key with which Packer logs in to the local builder."),
      seed_directory: text("seed", "Folder with the local builder's user-data and meta-data."),
      accelerator: text("tcg", "QEMU's accelerator: kvm or tcg."),
      ...(ec2 ? stringVariables(ec2Variables(ec2)) : {}),
    },
    source: sources,
    build: [
      {
        sources: Object.entries(sources).flatMap(([type, named]) =>
          Object.keys(named).map((name) => `source.${type}.${name}`),
        ),
        provisioner: provisioners(image, outputDirectoryVariable),
        "post-processor": [
          { manifest: { output: `${outputDirectoryVariable}/packer-manifest.json`, strip_path: true } },
        ],
      },
    ],
  };
}

function stringVariables(variables: Record<string, { default: string; description: string }>): object {
  const entries = Object.entries(variables);
  return Object.fromEntries(
    entries.map(([name, { default: value, description }]) => [name, text(value, description)]),
  );
}

/** What `packer init` reads, for Packer versions that do not bring their builders along. Kept apart: 1.6 refuses it. */
export function packerPlugins(): object {
  return {
    "//": generatedNote("").trim(),
    packer: {
      required_plugins: {
        qemu: { source: "github.com/hashicorp/qemu", version: ">= 1.1.0" },
        amazon: { source: "github.com/hashicorp/amazon", version: ">= 1.3.0" },
      },
    },
  };
}
