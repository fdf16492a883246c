import type { SeedTemplates } from "../dispatcher/seed.js";

/** The texts of the package's `templates` folder from which a host's files are rendered. */
export interface HostTemplates extends SeedTemplates {
  kamailioLocal: string;
  hostEnv: string;
  kamctlrc: string;
}
