import { addedFiles, addedUnits } from "./additions.js";
import { withDefault } from "./setting.js";

/** What a host has beside sip-proxy's own, of which the image knows nothing. */
export const hostAdditions = {
  files: withDefault(
    addedFiles,
    {},
    "Additional text files of the host, part of its user-data (16 KB at most). Do not put secrets there.",
  ),
  units: withDefault(
    addedUnits,
    {},
    "Additional systemd units of the host, part of its user-data; they are started after its addresses are known.",
  ),
};
