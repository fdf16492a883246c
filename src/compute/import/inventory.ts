import { UserError } from "../../errors.js";
import { isList, isMapping, type Value, type Variables } from "./values.js";

/** Where a variable is written in the user's files: for telling, never for reading values. */
export interface Occurrence {
  /** File and line, such as group_vars/all.yml:3. */
  place: string;
  /** The host or group that the line is about, as far as its file or its first word says. */
  owner: string;
  /** The rest of the line after the name and `=` or `:`. It may hold a secret. */
  text: string;
}

/** An inventory as Ansible's own programs read it. */
export interface Inventory {
  /** What it is called where something is told about it. */
  name: string;
  hosts: ReadonlyMap<string, Variables>;
  /** All hosts of a group, those of its children included, in the inventory's order. */
  groups: ReadonlyMap<string, readonly string[]>;
  /** The groups that a group lies in, at any depth. */
  ancestors: ReadonlyMap<string, ReadonlySet<string>>;
  /** What is given to each group itself (its vars and group_vars); empty where Ansible has not told. */
  groupVariables: ReadonlyMap<string, Variables>;
  /** What is given to each host itself; empty where Ansible has not told. */
  ownVariables: ReadonlyMap<string, Variables>;
  occurrences: ReadonlyMap<string, readonly Occurrence[]>;
  /** True when a file as a whole is encrypted with ansible-vault. */
  vaultFiles: boolean;
  /** Of each host, the variables that cannot be resolved without running it, with Ansible's reason. */
  unresolved: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The hosts that a playbook gives the role to, when there is a playbook. */
  played: readonly string[] | undefined;
  /** Variables that a playbook asks for when it starts. */
  prompted: readonly string[];
}

/** The inventory of `ansible-inventory --list`, and what `--list --export` says of where its variables are given. */
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

/** The groups of a host, but the one that holds every host. */
export function groupsWith(host: string, { groups }: Pick<Inventory, "groups">): string[] {
  return [...groups].flatMap(([name, hosts]) => (name !== "all" && hosts.includes(host) ? [name] : []));
}

/** The part of an inventory that lies in one group. Throws UserError when there is no such group. */
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
