import { bakeParts } from "../../../compute/image/provisioners.js";
import type { PackerBuilder } from "../../../compute/image/packer-builder.js";
import type { Fleet } from "../../../understand/fleet.js";
import { localArchitecture } from "../understand/architecture.js";

/** The user that cloud-init creates on the local builder. Sealing removes its key. */
export const builderUser = "debian";

/** Name of the finished image in the output folder. */
export const localImageName = "sip-proxy.qcow2";

const ssh = {
  communicator: "ssh",
  ssh_username: builderUser,
  ssh_private_key_file: "${var.ssh_private_key_file}",
  ssh_timeout: "15m",
};

/** The null builder needs credentials even if the template is only validated, without a key. A bake has a key. */
const noKey = '${var.ssh_private_key_file == ""}';

/** Packer's null builder for each part of a bake: it works by SSH on a running container, and Packer runs in the container's network. */
const containerParts = Object.values(bakeParts).map((part) => {
  const [type = "", name = ""] = part.split(".");
  return { type, name, source: { ...ssh, ssh_agent_auth: noKey, ssh_host: "127.0.0.1" } };
});

/** Packer's qemu builder: boots the base image with a NoCloud seed and works on it over SSH. */
export function localPackerBuilder({ image }: Fleet): PackerBuilder | undefined {
  if (image.architecture !== localArchitecture) return undefined;
  return { type: "qemu", source: qemuSource(image), parts: containerParts, variables, files: seed };
}

const variables = {
  base_image: {
    default: "base.qcow2",
    description: "Base image of the local target (sip-proxy makes it).",
  },
  base_checksum: { default: "none", description: "Checksum of base_image, sha256:HEX." },
  ssh_private_key_file: { default: "", description: "Key with which Packer logs in to the local builder." },
  seed_directory: {
    default: "seed",
    description: "Folder with the local builder's user-data and meta-data.",
  },
  accelerator: { default: "tcg", description: "QEMU's accelerator: kvm or tcg." },
};

/** The seed's folder. A bake adds the builder's key; without it, nobody can log in. */
const seed = [
  { path: "seed/meta-data", content: `${JSON.stringify({ "instance-id": "bake" }, null, 2)}\n` },
  { path: "seed/user-data", content: "#cloud-config\n{}\n" },
];

function qemuSource(image: Fleet["image"]): object {
  const { disk_size, memory, cpus } = image.targets.local;
  return {
    disk_image: true,
    iso_url: "${var.base_image}",
    iso_checksum: "${var.base_checksum}",
    disk_size: `${disk_size * 1024}M`,
    disk_interface: "virtio",
    disk_discard: "unmap",
    disk_detect_zeroes: "unmap",
    skip_compaction: true, // sip-proxy compresses the disk with zstd; Packer supports only zlib
    format: "qcow2",
    net_device: "virtio-net",
    accelerator: "${var.accelerator}",
    headless: true,
    memory,
    cpus,
    // `-cpu max` is the only model that is fast with both kvm and tcg
    qemuargs: [
      ["-cpu", "max"],
      ["-serial", "file:${var.output_directory}.console.log"],
    ],
    cd_files: ["${var.seed_directory}/user-data", "${var.seed_directory}/meta-data"],
    cd_label: "cidata",
    vm_name: localImageName,
    output_directory: "${var.output_directory}",
    ...ssh,
    boot_wait: "1s",
    shutdown_command: "sudo systemctl poweroff",
    shutdown_timeout: "5m",
  };
}
