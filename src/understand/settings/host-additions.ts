import { addedFiles, addedUnits } from "./additions.js";
import { withDefault } from "./setting.js";

/** Files and units that user-data adds to a host; they are not in the image. */
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
