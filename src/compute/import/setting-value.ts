import {
  keptOff,
  namesOfOldRoles,
  namesOfRole,
  testedAsBoolean,
} from "../../understand/settings/role-names.js";
import type { Setting, Settings } from "../../understand/settings/setting.js";
import { flag } from "../../understand/settings/types.js";
import type { Findings } from "./findings.js";
import type { Inventory } from "./inventory.js";
import { isMapping, Numeral, textOf, type Value, type Variables } from "./values.js";

/** The source of the settings of one host or recorder. */
export interface Source {
  host: string;
  variables: Variables;
  inventory: Inventory;
  findings: Findings;
}

/** A variable that was found, with its name and value. */
export interface Given {
  spelling: string;
  value: Value;
}

/** The names of a setting in an inventory; first the one that the role reads. */
export function spellingsOf(
  name: string,
  { aliases = [] }: Pick<Setting<unknown>, "aliases"> = {},
): string[] {
  const old = Object.entries(namesOfOldRoles).flatMap(([spelling, means]) =>
    means === name ? [spelling] : [],
  );
  return [...new Set([namesOfRole[name] ?? name, name, ...aliases, ...old])];
}

/** The variable for a setting. Notes a variable with a name that the role does not read. */
export function findGiven(
  name: string,
  setting: Setting<unknown> | undefined,
  source: Source,
): Given | undefined {
  const { host, variables, inventory, findings } = source;
  const [own = name, ...others] = spellingsOf(name, setting);
  const found = [own, ...others].flatMap((spelling) => {
    const value = variables[spelling];
    return value === undefined || value === null ? [] : [{ spelling, value }];
  });
  const [first, ...rest] = found;
  if (first && first.spelling !== own)
    findings.note(host, {
      variable: first.spelling,
      message: `is not a variable of the role, which reads ${own}: it had no effect with the role; with the fleet file it takes effect`,
    });
  for (const { spelling, value } of rest)
    if (first && textOf(value) !== textOf(first.value))
      findings.note(host, {
        variable: spelling,
        message: `means the same as ${first.spelling}, which is also set and is used`,
      });
  const reason = first && inventory.unresolved.get(host)?.get(first.spelling);
  if (first === undefined || reason === undefined) return first;
  findings.problem(host, { variable: first.spelling, ...unresolvedText(reason) });
  return undefined;
}

/** Why a template has no value here, with a hint. */
export function unresolvedText(reason: string): { message: string; hint: string } {
  return {
    message: `cannot be resolved without contacting the hosts: ${reason}`,
    hint: /\bansible_|facts/.test(reason)
      ? "it is a fact of the running host: write the value into the inventory"
      : "write the value into the inventory, or specify the playbook that sets it with --playbook",
  };
}

/** Reads the settings of a section from an inventory, in the form of a fleet file. */
export function readSettings(settings: Settings, source: Source): Map<string, unknown> {
  return new Map(
    Object.entries(settings).flatMap(([name, setting]) => {
      const value = readSetting(name, setting, source);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** One setting in the form of a fleet file; undefined if the inventory does not have it, or if it cannot be converted. */
export function readSetting(name: string, setting: Setting<unknown>, source: Source): unknown {
  const given = findGiven(name, setting, source);
  if (
    given === undefined ||
    (textOf(given.value).trim() === "" && !Array.isArray(given.value) && !isMapping(given.value))
  )
    return undefined;
  const value = setting.kind === flag ? flagValue(name, given, source) : plainValue(name, given, source);
  const { success, data } = setting.kind.schema.safeParse(value);
  if (success) return data;
  source.findings.problem(source.host, {
    variable: given.spelling,
    message: `must be ${setting.kind.rule}; got ${JSON.stringify(value)}`,
    ...(/address/.test(name) && { hint: "write the address instead of a name" }),
  });
  return undefined;
}

/** Texts for booleans in inventories, in addition to those that a fleet file accepts. */
const truth: Readonly<Record<string, boolean>> = {
  "1": true,
  y: true,
  t: true,
  "0": false,
  n: false,
  f: false,
};

/** A flag with its intended value, or off (`keptOff`). The role treated a text such as "true" as off; if that makes a difference, this adds a note. */
function flagValue(name: string, { spelling, value }: Given, { host, findings }: Source): unknown {
  if (typeof value === "boolean") return value;
  const text = textOf(value).trim();
  const { success, data } = flag.schema.safeParse(truth[text.toLowerCase()] ?? text);
  if (!success) return text;
  const role = value instanceof Numeral ? value.text === "1" : false;
  if (!data || role || !testedAsBoolean.includes(name)) return data;
  const on = !keptOff.includes(name);
  findings.note(host, {
    variable: spelling,
    message: `is the text ${JSON.stringify(text)}, but the role tests for the boolean true: it was off with the role, and ${on ? "is on" : "stays off"} with the fleet file`,
    hint: on ? `to keep it off, set ${name}: false` : `to turn it on, set ${name}: true`,
  });
  return on;
}

/** Conversions between forms of the role's variables and of settings, without a change of meaning. */
const forms: Readonly<Record<string, (text: string) => { value: string; said: string }>> = {
  siprec_protocol: (text) => ({
    value: text.toLowerCase(),
    said: "is written in lower case in the fleet file",
  }),
  disp_set: (text) => ({
    value: text.replace(/[A-Za-z_]\w*:(?=\d)/g, ""),
    said: "contains a partition name, which Kamailio's dispatcher does not have: the number of the set is used",
  }),
};

function plainValue(name: string, { spelling, value }: Given, { host, findings }: Source): unknown {
  if (value instanceof Numeral) return /^-?\d{1,15}$/.test(value.text) ? Number(value.text) : value.text;
  if (Array.isArray(value) && !value.some(isMapping)) return value.map(textOf);
  if (typeof value !== "string") return typeof value === "boolean" ? textOf(value) : value;
  const text = value.trim();
  const form = forms[name]?.(text);
  if (form === undefined || form.value === text) return text;
  findings.note(host, { variable: spelling, message: `${JSON.stringify(text)} ${form.said}` });
  return form.value;
}
