import { secretKind } from "../../targets/lookup.js";
import { formRule, hasForm } from "../../understand/settings/secret-value.js";
import type { Given, Source } from "./setting-value.js";
import { findGiven } from "./setting-value.js";
import type { Inventory } from "./inventory.js";
import { hasTemplate, isMapping, Numeral, textOf, textsIn, Vaulted, type Variables } from "./values.js";

/**
 * A password for the fleet file: the text if the inventory has it, otherwise a reference. Values of ansible-vault or lookups are neither
 * read nor shown.
 */
export function readPassword(name: string, source: Source): string | undefined {
  const { host, variables, inventory, findings } = source;
  if (inventory.prompted.includes(name) && variables[name] === undefined)
    return elsewhere(name, "is prompted for by the playbook", source);
  const given = isSecret(name, variables, inventory)
    ? { spelling: name, value: variables[name] ?? "" }
    : findGiven(name, undefined, source);
  if (given === undefined) return undefined;
  if (isSecret(given.spelling, variables, inventory))
    return (
      referenceOf(given, source) ??
      elsewhere(name, "comes from ansible-vault or a lookup", source, given.spelling)
    );
  const text = textOf(given.value);
  if (text === "" || isMapping(given.value)) return undefined;
  if (inventory.vaultFiles && !isWrittenOut(text, inventory))
    return elsewhere(name, "may come from a file that ansible-vault encrypts", source, given.spelling);
  if (text.startsWith("${"))
    return elsewhere(name, "begins with ${, which is a reference in a fleet file", source, given.spelling);
  if (!hasForm(text, "one line")) {
    findings.problem(host, { variable: given.spelling, message: formRule["one line"] });
    return undefined;
  }
  tellChanged(given, text, source);
  if (typeof given.value === "boolean")
    findings.note(host, {
      variable: given.spelling,
      message: "is a boolean for Ansible; the role wrote True or False, and the fleet file has the same text",
    });
  return text;
}

function elsewhere(name: string, why: string, { host, findings }: Source, spelling = name): string {
  const variable = name.toUpperCase();
  findings.note(host, {
    variable: spelling,
    message: `${why}: the fleet file refers to the environment variable ${variable}`,
    hint: `before commands that need it, run: read -rs ${variable}; export ${variable}; or use another reference`,
  });
  return `\${env:${variable}}`;
}

/** Lookups with one argument that correspond to a reference in a fleet file. */
const references: readonly (readonly [RegExp, (argument: string) => string, string?])[] = [
  [/^(ansible\.builtin\.)?env$/, (name) => `\${env:${name}}`],
  [/^(ansible\.builtin\.)?file$/, (path) => `\${file:${path}}`],
  [
    /^(amazon\.aws\.)?(aws_secret|secretsmanager_secret)$/,
    (name) => `\${secretsmanager:${name}}`,
    "secretsmanager",
  ],
  [/^(amazon\.aws\.)?(aws_ssm|ssm_parameter)$/, (name) => `\${ssm:${name}}`, "ssm"],
];

/** A reference of the fleet file for a value that consists of one lookup. */
function referenceOf({ value }: Given, { inventory: _ }: Source): string | undefined {
  const [, plugin = "", argument = ""] =
    /^\{\{\s*lookup\(\s*['"]([\w.]+)['"]\s*,\s*['"]([^'"{}]+)['"]\s*\)\s*\}\}$/.exec(textOf(value).trim()) ??
    [];
  const found = references.find(
    ([pattern, , kind]) =>
      pattern.test(plugin) && (kind === undefined || secretKind(kind)?.words(argument) !== undefined),
  );
  if (plugin.endsWith("file") && !argument.startsWith("/")) return undefined; // relative to the playbook, not to the fleet file
  return found?.[1](argument);
}

/** Whether a variable's value comes from ansible-vault or a lookup, or is made from such a value, by the text of its template. */
export function isSecret(
  name: string,
  variables: Variables,
  inventory: Inventory,
  seen = new Set<string>(),
): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  const value = variables[name];
  if (value instanceof Vaulted || inventory.prompted.includes(name)) return true;
  const written = (inventory.occurrences.get(name) ?? []).map(({ text }) => text);
  if (written.some((text) => text.startsWith("!vault"))) return true;
  const texts = [...textsIn(value), ...written].filter((text) => hasTemplate(text));
  if (texts.some((text) => /\b(lookup|query|q)\s*\(/.test(text))) return true;
  return texts
    .flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? [])
    .some((word) => isSecret(word, variables, inventory, seen));
}

function isWrittenOut(text: string, { occurrences }: Inventory): boolean {
  return [...occurrences.values()].some((places) => places.some((place) => place.text.includes(text)));
}

/** Notes a password that Ansible changes, because it is written as a number or boolean. */
function tellChanged({ spelling, value }: Given, text: string, { host, inventory, findings }: Source): void {
  const places = inventory.occurrences.get(spelling) ?? [];
  const isNumber = value instanceof Numeral;
  if (isNumber && !places.some((place) => firstWord(place.text) === text))
    findings.note(host, {
      variable: spelling,
      message:
        "is a number for Ansible, and the role set the password as Ansible prints the number; the fleet file has the same text",
      hint: "if the login fails, try the text in the inventory",
    });
  if (!text.includes("#") && places.some((place) => place.text.includes("#") && place.text.includes(text)))
    findings.note(host, {
      variable: spelling,
      message:
        "contains a #, which starts a comment for Ansible; the database and the fleet file have the part before it",
    });
}

/** The first word after a name, without quotes. */
export function firstWord(text: string): string {
  return /^\s*["']?([^\s"'#;,}\]]*)/.exec(text)?.[1] ?? "";
}
