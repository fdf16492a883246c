import { UserError } from "../../errors.js";
import { isList, isMapping, type Value, type Variables } from "./values.js";

/** A place of a variable in the user's files. Only for messages: values are read by Ansible. */
export interface Occurrence {
  /** File and line, such as group_vars/all.yml:3. */
  place: string;
  /** The host or group that the line concerns, from its file or its first word. */
  owner: string;
  /** The rest of the line after the name and `=` or `:`. It may contain a secret. */
  text: string;
}

/** An inventory that was read with Ansible's programs. */
export interface Inventory {
  /** Its name in messages. */
  name: string;
  hosts: ReadonlyMap<string, Variables>;
  /** All hosts of each group, including those of child groups, in the inventory's order. */
  groups: ReadonlyMap<string, readonly string[]>;
  /** The groups that contain a group, at any depth. */
  ancestors: ReadonlyMap<string, ReadonlySet<string>>;
  /** Variables of each group itself (vars and group_vars); empty if Ansible did not list them. */
  groupVariables: ReadonlyMap<string, Variables>;
  /** Variables of each host itself; empty if Ansible did not list them. */
  ownVariables: ReadonlyMap<string, Variables>;
  occurrences: ReadonlyMap<string, readonly Occurrence[]>;
  /** True if a whole file is encrypted with ansible-vault. */
  vaultFiles: boolean;
  /** For each host, variables that cannot be resolved without connecting to it, with Ansible's reason. */
  unresolved: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The hosts to which the playbook applies the role; undefined without a playbook. */
  played: readonly string[] | undefined;
  /** Variables for which the playbook prompts. */
  prompted: readonly string[];
}

/** The inventory in the output of `ansible-inventory --list`; `exported`: the output of `--list --export`, with the origin of variables. */
export function inventoryOf(name: string, list: Value, exported?: Value): Inventory {
  const groups = groupsOf(list);
  const members = new Map([...groups.keys()].map((group) => [group, membersOf(group, groups)]));
  const variables = hostVariables(list);
  const hosts = new Set([...members.values()].flat());
  return {
    name,
    hosts: new Map([...hosts].map((host) => [host, variables.get(host) ?? {}])),
    groups: members,
    ancestors: new Map([...groups.keys()].map((group) => [group, ancestorsOf(group, groups)])),
    groupVariables: new Map(
      [...groupsOf(exported)].flatMap(([group, { vars }]) => (isMapping(vars) ? [[group, vars]] : [])),
    ),
    ownVariables: hostVariables(exported),
    occurrences: new Map(),
    vaultFiles: false,
    unresolved: new Map(),
    played: undefined,
    prompted: [],
  };
}

type Group = { [name: string]: Value };

function groupsOf(list: Value | undefined): Map<string, Group> {
  if (!isMapping(list)) return new Map();
  return new Map(
    Object.entries(list).flatMap(([name, group]) =>
      name === "_meta" || !isMapping(group) ? [] : [[name, group]],
    ),
  );
}

function hostVariables(list: Value | undefined): Map<string, Variables> {
  const meta = isMapping(list) ? list["_meta"] : undefined;
  const hosts = isMapping(meta) ? meta["hostvars"] : undefined;
  return new Map(
    isMapping(hosts) ? Object.entries(hosts).flatMap(([n, v]) => (isMapping(v) ? [[n, v]] : [])) : [],
  );
}

function namesIn(value: Value | undefined): string[] {
  return isList(value) ? value.filter((name) => typeof name === "string") : [];
}

function membersOf(name: string, groups: ReadonlyMap<string, Group>, seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const { hosts, children } = groups.get(name) ?? {};
  const inner = namesIn(children).flatMap((child) => membersOf(child, groups, seen));
  return [...new Set([...namesIn(hosts), ...inner])];
}

function ancestorsOf(name: string, groups: ReadonlyMap<string, Group>): Set<string> {
  const found = new Set<string>();
  const visit = (child: string): void => {
    for (const [parent, { children }] of groups) {
      if (found.has(parent) || !namesIn(children).includes(child)) continue;
      found.add(parent);
      visit(parent);
    }
  };
  visit(name);
  return found;
}

/** The groups of a host, without `all`. */
export function groupsWith(host: string, { groups }: Pick<Inventory, "groups">): string[] {
  return [...groups].flatMap(([name, hosts]) => (name !== "all" && hosts.includes(host) ? [name] : []));
}

/** The part of an inventory that belongs to one group. Throws UserError if there is no such group. */
export function limited(inventory: Inventory, group: string): Inventory {
  const kept = inventory.groups.get(group);
  if (kept === undefined)
    throw new UserError(`the inventory has no group ${group}`, {
      hint: `choose from: ${[...inventory.groups.keys()].join(", ")}`,
    });
  const inGroup = (host: string) => kept.includes(host);
  return {
    ...inventory,
    hosts: new Map([...inventory.hosts].filter(([host]) => inGroup(host))),
    groups: new Map([...inventory.groups].map(([name, hosts]) => [name, hosts.filter(inGroup)])),
    played: inventory.played?.filter(inGroup),
  };
}
