import { talk } from "../../../src/cli/talk.js";
import type { DrillStep } from "./step.js";

/**
 * A script of the bake that installs the Kamailio of the Debian release itself, from before the last security update. A bake without this
 * script has the update.
 */
const before = `#!/bin/bash
set -euo pipefail
apt-get update -q
older=$(apt-cache madison kamailio | awk '{ print $3 }' | sort -V | head -n 1)
mapfile -t packages < <(dpkg-query -W -f '\${source:Package} \${Package}\\n' | sed -n 's/^kamailio //p')
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --allow-downgrades --no-install-recommends "\${packages[@]/%/=$older}"
`;

/** Replaces hosts of an image with an outdated Kamailio by hosts of an image with the update. */
export const securityUpdate: DrillStep = {
  title: "security update of Kamailio rolled in (bake-image, fleet roll)",
  before: async (lab) => {
    lab.fleet.keep("before-the-update", before);
    lab.fleet.edit(({ image }) => Object.assign(image, { scripts: ["before-the-update"] }));
    const old = await lab.bake();
    await lab.command("fleet roll");
    lab.fleet.edit(({ image }) => delete image["scripts"]);
    const updated = await lab.bake();
    const [from, to] = [old, updated].map(({ manifest }) => manifest.contents.packages["kamailio"]);
    if (from === to) throw new Error(`Debian has no older Kamailio than ${to}: nothing is shown`);
    talk.note(`kamailio ${from} -> ${to}`);
  },
  run: async (lab) => void (await lab.command("fleet roll")),
};
