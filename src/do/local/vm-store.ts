import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProcessOf, type Machine } from "../../compute/local/machine.js";
import type { ProcessIdentity } from "../../compute/local/process-identity.js";

import { UserError } from "../../errors.js";
import { dnsLabel } from "../../understand/settings/types.js";
import { argumentsOf, identify, isAlive } from "./process-identity.js";
import { hostPaths } from "./paths.js";

/** The content of vm.json, for a virtual machine or a container. */
export interface VmRecord<M extends Machine = Machine> {
  fleet: string;
  machine: M;
  /** The backing image of the disk: it must exist as long as the machine. */
  base: string;
  /** Its address at launch. Undefined for hosts that an earlier release has launched. */
  address?: string;
  /** The QEMU or nspawn process of the last start. */
  process?: ProcessIdentity;
}

export interface VmStatus {
  record: VmRecord;
  /** That process, if it runs. */
  running: ProcessIdentity | undefined;
}

/** `<state>/<fleet>/<name>`. Throws UserError unless the name is a host name label: it is also used as host name and argument. */
export function vmFolder(fleet: string, name: string, state = hostPaths().state): string {
  for (const word of [fleet, name]) {
    if (dnsLabel.test(word)) continue;
    throw new UserError(`"${word}" cannot name a local VM or fleet`, {
      hint: "use letters, digits and hyphens, at most 63",
    });
  }
  return join(state, fleet, name);
}

/** Writes the record atomically. */
export async function saveVm(folder: string, record: VmRecord): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, "vm.json.tmp");
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
  await rename(temporary, join(folder, "vm.json"));
}

/** The VM of this name; undefined if there is none. */
export async function findVm(fleet: string, name: string, state?: string): Promise<VmStatus | undefined> {
  return readVm(vmFolder(fleet, name, state));
}

/** All VMs, or those of one fleet, by fleet and name. */
export async function listVms(options: { fleet?: string; state?: string } = {}): Promise<VmStatus[]> {
  const state = options.state ?? hostPaths().state;
  const fleets = options.fleet === undefined ? await folders(state) : [options.fleet];
  const found: VmStatus[] = [];
  for (const fleet of fleets) {
    for (const name of await folders(join(state, fleet))) {
      const vm = await readVm(join(state, fleet, name));
      if (vm !== undefined) found.push(vm);
    }
  }
  return found;
}

/**
 * The process of a machine: the recorded one if it still runs; otherwise the one in the pid file, if its arguments belong to this
 * machine (the CLI may have been killed after the start, before it recorded the process).
 */
export async function runningProcess(record: VmRecord): Promise<ProcessIdentity | undefined> {
  if (record.process !== undefined && isAlive(record.process)) return record.process;
  const { pidfile } = record.machine;
  const pid = Number(await readFile(pidfile, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const found = identify(pid);
  return isProcessOf(record.machine, argumentsOf(pid)) ? found : undefined;
}

/** Deletes a VM's folder. */
export async function deleteVm(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function readVm(folder: string): Promise<VmStatus | undefined> {
  const text = await readFile(join(folder, "vm.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as VmRecord;
  return { record, running: await runningProcess(record) };
}

async function folders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}
