import { readAsset } from "../../../src/do/assets.js";

/** The memory options of kamailio.service, for the code that replaces systemd. */
export const kamailioMemory =
  /-M .+(?= \$KAMAILIO_OPTIONS)/.exec(
    readAsset("cloud-init/rootfs/etc/systemd/system/kamailio.service"),
  )?.[0] ?? "";
