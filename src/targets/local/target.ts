import type { Operations, Target } from "../target.js";
import { localPackerBuilder } from "./compute/packer-source.js";
import { localRules } from "./understand/rules.js";
import { imageLocalSettings, launchLocalSettings } from "./understand/settings.js";

/** The target for qcow2 images, containers and VMs on this machine. */
export const local = {
  noun: "this machine",
  image: {
    title: "Image, local target",
    description: "A qcow2 on this machine.",
    settings: imageLocalSettings,
    onRequest: false,
  },
  launch: {
    title: "Launching local hosts",
    description: "As containers or VMs on this machine.",
    settings: launchLocalSettings,
  },
  rules: localRules,
  secretKinds: {},
  packerPlugins: { qemu: { source: "github.com/hashicorp/qemu", version: ">= 1.1.0" } },
  packerBuilder: localPackerBuilder,
  features: ["loaded", "reach", "roll"],
  operations: async (): Promise<Operations> => (await import("./commands/operations.js")).operations,
} as const satisfies Target;
