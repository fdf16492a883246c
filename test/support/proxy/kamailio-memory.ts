import { readAsset } from "../../../src/do/assets.js";

/** kamailio.service's own options for the memory of its processes: what stands in for systemd gives them too. */
export const kamailioMemory =
  /-M .+(?= \$KAMAILIO_OPTIONS)/.exec(
    readAsset("cloud-init/rootfs/etc/systemd/system/kamailio.service"),
  )?.[0] ?? "";
