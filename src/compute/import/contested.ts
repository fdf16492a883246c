import { isDeepStrictEqual } from "node:util";
import { settingNames } from "../../understand/settings/table.js";
import type { Findings } from "./findings.js";
import { groupsWith, type Inventory } from "./inventory.js";
import { isSecret } from "./secret.js";
import { isList, isMapping, Numeral, textOf, type Value } from "./values.js";

/** Notes variables with different values in several groups of a host, if no group contains another. */
export function tellContested(
  host: string,
  variables: Iterable<string>,
  inventory: Inventory,
  findings: Findings,
): void {
  const groups = groupsWith(host, inventory);
  for (const variable of variables) {
    if (inventory.ownVariables.get(host)?.[variable] !== undefined) continue;
    const rivals = rivalsOf(variable, groups, inventory);
    if (rivals.length < 2) continue;
    findings.note(host, {
      variable,
      message: `${differences(variable, rivals, host, inventory)} (of groups that do not contain each other, the deeper one wins, then the last in the alphabet)`,
    });
  }
}

/** The groups that give a variable a different value than another group, without containing it. */
function rivalsOf(variable: string, groups: readonly string[], inventory: Inventory): string[] {
  const { groupVariables, ancestors } = inventory;
  const valueIn = (group: string) => groupVariables.get(group)?.[variable];
  const giving = groups.filter((group) => valueIn(group) !== undefined);
  return giving.filter((group) =>
    giving.some(
      (other) =>
        other !== group &&
        !ancestors.get(group)?.has(other) &&
        !ancestors.get(other)?.has(group) &&
        !isDeepStrictEqual(valueIn(group), valueIn(other)),
    ),
  );
}

/** The groups' values side by side, and the one that Ansible uses. Secrets are not shown. */
function differences(
  variable: string,
  rivals: readonly string[],
  host: string,
  inventory: Inventory,
): string {
  const variables = inventory.hosts.get(host) ?? {};
  const given = rivals.map((group) => ({
    group,
    value: inventory.groupVariables.get(group)?.[variable] ?? "",
  }));
  const isHidden =
    (settingNames.get(variable)?.secret ?? true) ||
    given.some(({ value }) => isSecret(variable, { ...variables, [variable]: value }, inventory));
  if (isHidden) return `differs between the groups ${rivals.join(" and ")}; Ansible uses one of the values`;
  const values = given.map(({ group, value }) => `${shown(value)} in ${group}`);
  return `is ${values.join(", ")}; Ansible uses ${shown(variables[variable])}`;
}

function shown(value: Value | undefined): string {
  if (isMapping(value) || isList(value))
    return JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Numeral ? Number(inner.text) : inner,
    );
  return value instanceof Numeral ? value.text : JSON.stringify(textOf(value));
}
