import type { TemplateUser } from "../../compute/prune/template-versions.js";

/** What uses an AMI, in words. */
export interface Use {
  id: string;
  why: string;
}

/** What launches instances: AMIs that are named directly, and versions of templates. */
export interface Launching {
  uses: Use[];
  templates: TemplateUser[];
}
