import { existsSync, statSync } from "node:fs";
import { text as textOfStream } from "node:stream/consumers";
import { dirname, join, resolve } from "node:path";
import { roleVariables } from "../../compute/import/import.js";
import { inventoryOf, type Inventory } from "../../compute/import/inventory.js";
import { isSecret } from "../../compute/import/secret.js";
import { hasTemplate, isMapping, parseAnsibleJson, type Value } from "../../compute/import/values.js";
import { UserError } from "../../errors.js";
import { findOccurrences } from "./occurrences.js";
import { readPlaybook, type Plays } from "./playbook.js";
import { runAnsible } from "./programs.js";
import { inventoryProgram, resolveVariables, type Resolved } from "./resolve.js";

/** The source of an inventory. */
export interface InventorySource {
  /** A file, folder or program for Ansible's option -i; `-` reads the output of `ansible-inventory --list` from standard input. */
  inventory: string;
  playbook?: string;
  /** A folder for work files, which contain data of the inventory. The caller removes it. */
  folder: string;
}

/** Reads an inventory with Ansible's programs, which resolve its templates as far as possible without connecting to a host. */
export async function readInventory({
  inventory: path,
  playbook,
  folder,
}: InventorySource): Promise<Inventory> {
  const plays = playbook === undefined ? undefined : readPlaybook(playbook);
  const { inventory, source } =
    path === "-" ? await readStandardInput(folder) : await readPath(path, playbook);
  const written = findOccurrences(filesOf(path, playbook, plays), path === "-" ? "." : baseOf(path));
  const read = { ...inventory, ...written, prompted: plays?.prompted ?? [] };
  const names = toResolve(read, plays !== undefined);
  if (names.length === 0 && plays === undefined) return read;
  return resolved(
    read,
    await resolveVariables(names, {
      inventory: source,
      folder,
      ...(plays && { plays: plays.plays }),
      ...(playbook === undefined ? {} : { playbook }),
    }),
    plays !== undefined,
  );
}

async function readStandardInput(folder: string): Promise<{ inventory: Inventory; source: string }> {
  const text = await textOfStream(process.stdin);
  return {
    inventory: inventoryOf("on standard input", listIn(text)),
    source: inventoryProgram(text, folder),
  };
}

function listIn(text: string): Value {
  try {
    const list = parseAnsibleJson(text);
    if (isMapping(list) && isMapping(list["_meta"])) return list;
  } catch {
    // reported below, as a value that is not a list
  }
  throw new UserError("standard input is not the output of ansible-inventory --list", {
    hint: "ansible-inventory -i INVENTORY --list | sip-proxy import -",
  });
}

async function readPath(path: string, playbook?: string): Promise<{ inventory: Inventory; source: string }> {
  if (!existsSync(path))
    throw new UserError(`the inventory ${path} does not exist`, {
      hint: "use a file, folder or program that Ansible accepts with -i",
    });
  const beside = playbook === undefined ? [] : ["--playbook-dir", dirname(playbook)];
  const argv = ["ansible-inventory", "-i", path, "--list", ...beside] as const;
  const [list, exported] = await Promise.all([runAnsible([...argv]), runAnsible([...argv, "--export"])]);
  return {
    inventory: inventoryOf(path, parseAnsibleJson(list), parseAnsibleJson(exported)),
    source: resolve(path),
  };
}

function baseOf(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? path : dirname(path);
}

/** The files that may contain variables. */
function filesOf(path: string, playbook: string | undefined, plays: Plays | undefined): string[] {
  const variables = (folder: string) => ["group_vars", "host_vars"].map((name) => join(folder, name));
  return [
    ...(path === "-" ? [] : [path, ...variables(baseOf(path))]),
    ...(playbook === undefined ? [] : [playbook, ...variables(dirname(playbook)), ...(plays?.files ?? [])]),
  ].map((file) => resolve(file));
}

/** The role's variables that Ansible must resolve: all with a playbook, otherwise those with templates. Never secrets. */
function toResolve(inventory: Inventory, all: boolean): string[] {
  const hosts = [...inventory.hosts.values()];
  return [...roleVariables].filter(
    (name) =>
      (all || hosts.some((variables) => hasTemplate(variables[name]))) &&
      !hosts.some((variables) => /pass/.test(name) && isSecret(name, variables, inventory)),
  );
}

function resolved(inventory: Inventory, answers: Resolved, played: boolean): Inventory {
  const hosts = new Map(
    [...inventory.hosts].map(([host, variables]) => {
      const { values = new Map<string, Value>() } = answers.get(host) ?? {};
      return [host, { ...variables, ...Object.fromEntries(values) }] as const;
    }),
  );
  const unresolved = new Map([...answers].map(([host, { reasons }]) => [host, reasons]));
  return {
    ...inventory,
    hosts,
    unresolved,
    ...(played && { played: [...hosts.keys()].filter((host) => answers.has(host)) }),
  };
}
