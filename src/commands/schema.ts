import { print, printJson } from "../cli/talk.js";
import { fleetJsonSchema } from "../understand/json-schema.js";
import { settingsReference } from "../understand/settings-reference.js";

/** `sip-proxy schema`: the fleet file's JSON Schema for editors, or the settings reference for people. */
export function schema(options: { markdown?: boolean }): void {
  if (options.markdown) print(settingsReference());
  else printJson(fleetJsonSchema());
}
