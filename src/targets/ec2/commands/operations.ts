import type { Operations } from "../../target.js";
import { bakeOnEc2 } from "./bake.js";
import { check } from "./check.js";
import { groupApply, groupPlan } from "./group.js";
import { groupDelete, groupStatus, rolling } from "./group-life.js";
import { addresses, status, withHosts } from "./hosts.js";
import { clean } from "./image-clean.js";
import { comparedAmis } from "./image-diff.js";
import { listedAmis } from "./image-list.js";
import { reach } from "./reach.js";
import { prune } from "./image-prune.js";
import { promote } from "./promote.js";

export const operations: Operations = {
  bake: bakeOnEc2,
  images: listedAmis,
  compared: comparedAmis,
  prune,
  withHosts,
  status,
  promote,
  clean,
  addresses,
  reach,
  check,
  groups: {
    plan: groupPlan,
    apply: groupApply,
    status: groupStatus,
    roll: rolling("roll"),
    rollback: rolling("rollback"),
    delete: groupDelete,
  },
};
