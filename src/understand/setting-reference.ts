import { settingsTable, type Section } from "./settings/table.js";
import type { Setting } from "./settings/setting.js";
import { roleDefaults } from "./settings/role-names.js";
import { defaultText } from "./settings-reference.js";

/** The reference of one setting as text: one paragraph for each section that has it. Empty for an unknown name. */
export function settingReference(name: string): string {
  return settingsTable.flatMap((section) => of(name, section)).join("\n");
}

function of(name: string, { title, places, settings }: Section): string[] {
  return Object.entries(settings)
    .filter(([own, { aliases = [] }]) => own === name || aliases.includes(name))
    .map(([own, setting]) => paragraph(own, setting, title, places));
}

function paragraph(
  name: string,
  setting: Setting<unknown>,
  title: string,
  places: readonly string[],
): string {
  const facts: [string, string | undefined][] = [
    ["section", title],
    ["given in", places.join(", ")],
    ["value", setting.kind.rule],
    ["default", defaultText(setting).replaceAll("`", "")],
    ["also spelled", setting.aliases?.join(", ")],
    ["Ansible role", setting.role === true ? inRole(name) : undefined],
    ["secret", setting.secret === true ? "yes: never shown in reports, logs or dry runs" : undefined],
    ["on the host", renderedIn(setting)],
  ];
  const lines = facts.flatMap(([fact, text]) =>
    text === undefined ? [] : [`  ${fact.padEnd(13)} ${text}\n`],
  );
  return `${name}: ${setting.help}\n${lines.join("")}`;
}

/** What the reference says about the Ansible role, for a setting that the role has. */
function inRole(name: string): string {
  const usual = roleDefaults[name]?.join(" or ");
  return usual === undefined
    ? "has it, with this name"
    : `has it, with this name; its default there is ${usual}`;
}

/** The name of the value on a host, and in which file; undefined if hosts do not get it by name. */
function renderedIn({
  define = undefined,
  substitution = undefined,
  feature = undefined,
  variable = undefined,
}: Setting<unknown>): string | undefined {
  const kamailio = [define, substitution, feature].filter((word) => word !== undefined);
  const places = [
    ...(kamailio.length > 0 ? [`${kamailio.join(", ")} in /etc/kamailio/kamailio-local.cfg`] : []),
    ...(variable === undefined ? [] : [`${variable} in /etc/sip-proxy/host.env`]),
  ];
  return places.length > 0 ? places.join("; ") : undefined;
}
