import { fleetJsonSchema } from "../understand/json-schema.js";
import { withGeneratedParts } from "../understand/pages.js";
import type { Artefact } from "./artefact.js";
import { kamailioSettings } from "./host/kamailio-settings.js";

/**
 * The files that are generated from the settings table and the examples (`npm run docs` writes them), by their paths in the
 * package. `read` returns the text of a file of the package; `pages`: the pages of the documentation.
 */
export function generatedFiles(read: (path: string) => string, pages: readonly string[]): Artefact[] {
  return [
    ...pages.map((path) => ({ path, content: withGeneratedParts(read(path), read) })),
    { path: "docs/fleet.schema.json", content: `${JSON.stringify(fleetJsonSchema(), null, 2)}\n` },
    {
      path: "templates/rootfs/etc/kamailio/sip-proxy/settings.cfg",
      content: kamailioSettings(read("templates/kamailio/settings.cfg.hbs")),
    },
  ];
}
