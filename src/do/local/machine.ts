import { dirname, join } from "node:path";
import type { Container } from "../../compute/local/container.js";
import { isContainer, type Machine } from "../../compute/local/machine.js";
import type { Seed } from "../../compute/local/seed.js";
import type { VirtualMachine } from "../../compute/local/vm.js";
import { UserError } from "../../errors.js";
import { makeContainerFolder, requireContainers, startContainer, stopContainer } from "./container.js";
import { shortName, type PluggedIn } from "./plug.js";
import { ensureRawDisk } from "./raw-disk.js";
import { ensureTap, removeDevice } from "./tap.js";
import { makeVeth, removeVeth } from "./veth.js";
import { startVm, stopVm, type StopOutcome } from "./vm.js";
import { deleteVm, runningProcess, saveVm, vmFolder, type VmRecord } from "./vm-store.js";

// Hosts on this machine, VMs or containers: these functions use the host's record.

/** A container to make. */
export interface ContainerSpec extends Pick<Container, "name" | "netns"> {
  fleet: string;
  /** The address at which it is reachable. */
  address?: string;
  /** qcow2; it is not changed. */
  base: string;
  seed: Seed;
}

/** Makes the container's folder with seed, record and an empty layer for its changes. Does not start it. */
export async function createContainer(spec: ContainerSpec): Promise<VmRecord<Container>> {
  await requireContainers();
  const { fleet, base, address, seed, ...named } = spec;
  const folder = vmFolder(fleet, spec.name);
  const id = shortName(folder); // there may be a fleet of the same name in another state folder of this machine
  const file = (leaf: string) => join(folder, leaf);
  const files = {
    folder: file("tree"),
    seed: file("seed"),
    console: file("console.log"),
    pidfile: file("pid"),
  };
  const disk = await ensureRawDisk(base);
  const machine: Container = { engine: "container", ...named, id, namespace: id, disk, ...files };
  await deleteVm(folder); // left by an interrupted launch
  await makeContainerFolder(machine, seed);
  const record = { fleet, machine, base, ...(address === undefined ? {} : { address }) };
  await saveVm(folder, record);
  return record;
}

/** Connects a machine to the network, with a new device unless one is named, and starts it. Throws UserError if it runs already. */
export async function startMachine(record: VmRecord, where: PluggedIn & { mac: string }): Promise<void> {
  if (await runningProcess(record)) throw new UserError(`${record.machine.name} is already running`);
  if (isVm(record)) {
    for (const device of tapsOf(record.machine)) await ensureTap({ ...where, device });
    await startVm(record);
  } else if (isOfContainer(record)) {
    const { id, namespace } = record.machine;
    await refuseOtherDisk(record);
    await makeVeth({ device: id, ...where, namespace });
    const process = await startContainer(record.machine);
    await saveVm(folderOf(record.machine), { ...record, process });
  }
}

/** Powers a machine down. Kills it after `timeout` ms, or if it cannot receive the request. */
export async function stopMachine(record: VmRecord, timeout = 90_000): Promise<StopOutcome> {
  if (isVm(record)) return stopVm(record, timeout);
  return stopContainer(record.machine as Container, await runningProcess(record), timeout);
}

/** Kills a machine, and deletes its disk and its device on the bridge. */
export async function removeMachine(record: VmRecord): Promise<void> {
  const { machine } = record;
  const netns = machine.netns === undefined ? {} : { netns: machine.netns };
  await stopMachine(record, 0);
  if (isContainer(machine)) await removeVeth({ device: machine.id, namespace: machine.namespace, ...netns });
  else for (const device of tapsOf(machine)) await removeDevice({ device, ...netns });
  await deleteVm(folderOf(machine));
}

/** Throws UserError if the image has been replaced: the container's layer of changes fits only its original image. */
async function refuseOtherDisk({ machine, base }: VmRecord<Container>): Promise<void> {
  if ((await ensureRawDisk(base)) === machine.disk) return;
  throw new UserError(`${machine.name}: its image ${base} has changed since it was launched`, {
    hint: "terminate it, then launch it again",
  });
}

function isVm(record: VmRecord): record is VmRecord<VirtualMachine> {
  return !isContainer(record.machine);
}

function isOfContainer(record: VmRecord): record is VmRecord<Container> {
  return isContainer(record.machine);
}

function tapsOf({ nics }: VirtualMachine): string[] {
  return nics.flatMap((nic) => (nic.kind === "tap" ? [nic.name] : []));
}

function folderOf({ pidfile }: Machine): string {
  return dirname(pidfile);
}
