import { addedFiles, addedUnits } from "./additions.js";
import { withDefault } from "./setting.js";

/** What a host has beside sip-proxy's own, of which the image knows nothing. */
export const hostAdditions = {
  files: withDefault(
    addedFiles,
    {},
    "Additional text files on the host, as part of its user-data (up to 16 KB). Do not put secrets there.",
  ),
  units: withDefault(
    addedUnits,
    {},
    "Additional systemd units on the host, as part of its user-data; they start after the host's addresses are known.",
  ),
};
