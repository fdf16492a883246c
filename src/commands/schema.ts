import { closest } from "fastest-levenshtein";
import { print, printJson } from "../cli/talk.js";
import { UserError } from "../errors.js";
import { fleetJsonSchema } from "../understand/json-schema.js";
import { settingNames } from "../understand/settings/table.js";
import { settingReference } from "../understand/setting-reference.js";
import { settingsReference } from "../understand/settings-reference.js";

/** `sip-proxy schema`: prints the fleet file's JSON Schema for editors, or for people the reference of all settings or of one. */
export function schema(options: { markdown?: boolean; setting?: string }): void {
  if (options.setting !== undefined) print(referenceOf(options.setting));
  else if (options.markdown) print(settingsReference());
  else printJson(fleetJsonSchema());
}

function referenceOf(name: string): string {
  const text = settingReference(name);
  if (text !== "") return text;
  const names = [...settingNames.keys()];
  const alike = names.filter((other) => other.includes(name.toLowerCase()));
  const meant = alike.length > 0 ? alike.join(", ") : closest(name, names);
  throw new UserError(`there is no setting ${name}`, {
    hint: `did you mean ${meant}? sip-proxy schema --markdown prints all settings`,
  });
}
