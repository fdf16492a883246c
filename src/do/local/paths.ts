import { homedir } from "node:os";
import { localPaths, type LocalPaths } from "../../compute/local/paths.js";

/** The folders of the user who runs this process. */
export function hostPaths(): LocalPaths {
  return localPaths(process.env, homedir());
}
