import { formerRelease } from "./former.js";
import type { DrillLab } from "./lab.js";
import { wait, type DrillStep } from "./step.js";

/** Settings that the earlier release does not have. */
const newer = ["host_firewall", "dialog_secret"];

/** Replaces a host by one of an earlier release, with that release's image, user-data and commands. */
async function launchFormer(lab: DrillLab): Promise<void> {
  const { image } = lab;
  const program = await formerRelease(lab.size.former);
  const file = lab.fleet.copy("former.yaml", ({ settings, image }) => {
    for (const name of newer) delete settings[name];
    // of the step "roll to a new image"
    delete image["files"];
  });
  await lab.bake(program, file);
  await lab.command("terminate", "sipproxy2");
  await lab.formerCommand(program, "launch", file, "sipproxy2", "--image", lab.image);
  lab.image = image;
}

/** Calls through hosts of two releases side by side: roll forward, roll back all hosts, roll forward again. */
export const twoReleases: readonly DrillStep[] = [
  {
    title: "two releases side by side",
    before: launchFormer,
    run: async () => void (await wait(20)),
  },
  {
    title: "two releases: forward (fleet roll)",
    run: async (lab) => void (await lab.command("fleet roll")),
  },
  {
    title: "two releases: back, all hosts (fleet rollback)",
    run: async (lab) => void (await lab.command("fleet rollback")),
  },
  {
    title: "two releases: forward again (fleet roll)",
    run: async (lab) => void (await lab.command("fleet roll")),
  },
];
