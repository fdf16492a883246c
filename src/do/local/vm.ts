import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Seed } from "../../compute/local/seed.js";
import { overlayArgv, qemuArgv, type VirtualMachine } from "../../compute/local/vm.js";
import { UserError } from "../../errors.js";
import { run } from "../process.js";
import { consoleEnd } from "./console.js";
import { hasEnded } from "./ended.js";
import { identify, signal } from "./process-identity.js";
import { qmp } from "./qmp.js";
import { writeSeedIso } from "./seed-iso.js";
import { requireTools } from "./tools.js";
import { deleteVm, findVm, runningProcess, saveVm, vmFolder, type VmRecord } from "./vm-store.js";

/** A VM to make: the machine without its files, which are in its state folder. */
export interface VmSpec extends Pick<
  VirtualMachine,
  "name" | "memoryMiB" | "cpus" | "accelerator" | "nics" | "netns"
> {
  fleet: string;
  /** The address at which it is reachable. */
  address?: string;
  /** The backing image of the disk (qcow2); it is not changed. */
  base: string;
  /** Default: the size of the base. */
  diskMiB?: number;
  seed: Seed;
}

/** Linux's limit for the path of a Unix socket, without the final zero byte. */
const SOCKET_PATH_BYTES = 107;

/** Makes the VM's folder with disk, seed and record. Does not start it. Throws UserError if the VM exists. */
export async function createVm(spec: VmSpec, state?: string): Promise<VmRecord<VirtualMachine>> {
  await requireTools("qemu-img");
  const folder = vmFolder(spec.fleet, spec.name, state);
  if (await findVm(spec.fleet, spec.name, state))
    throw new UserError(`the VM ${spec.fleet}/${spec.name} already exists`, {
      hint: "start it, or remove it first",
    });
  const { fleet, base, address, diskMiB, seed, ...hardware } = spec;
  const machine = { ...hardware, ...filesOf(folder) };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await run({ argv: overlayArgv(base, machine.disk, diskMiB) });
    await writeSeedIso(seed, machine.seed);
    const record = { fleet, machine, base, ...(address === undefined ? {} : { address }) };
    await saveVm(folder, record);
    return record;
  } catch (error) {
    await deleteVm(folder);
    throw error;
  }
}

function filesOf(folder: string) {
  const qmpSocket = join(folder, "qmp.sock");
  if (Buffer.byteLength(qmpSocket) > SOCKET_PATH_BYTES)
    throw new UserError(`the path of a VM's control socket is too long: ${qmpSocket}`, {
      hint: "set XDG_STATE_HOME to a shorter path",
    });
  const file = (name: string) => join(folder, name);
  const files = { disk: file("disk.qcow2"), seed: file("seed.iso"), console: file("console.log") };
  return { ...files, qmp: qmpSocket, pidfile: file("pid") };
}

/** Starts QEMU, which outlives this process, and records its process. The console log is overwritten. */
export async function startVm(record: VmRecord<VirtualMachine>): Promise<VmRecord<VirtualMachine>> {
  const { machine } = record;
  await requireTools("qemu-system-x86_64", ...(machine.netns === undefined ? [] : (["ip"] as const)));
  if (await runningProcess(record)) throw new UserError(`${machine.name} is already running`);
  await rm(machine.pidfile, { force: true });
  await rm(machine.qmp, { force: true });
  await run({
    argv: qemuArgv(machine),
    timeout: 60_000,
    hint: "check whether a port or tap device is in use",
  });
  const running = identify(Number(await readFile(machine.pidfile, "utf8")));
  if (running === undefined)
    throw new UserError(`${machine.name}: QEMU ended immediately\n${await consoleEnd(machine.console)}`);
  const started = { ...record, process: running };
  await saveVm(dirname(machine.pidfile), started);
  return started;
}

export type StopOutcome = "was not running" | "powered down" | "quit" | "killed";

/**
 * Asks the guest to power down (ACPI). After `timeout` ms tells QEMU to quit, and then kills the process, if it is the one that was
 * started for this VM.
 */
export async function stopVm(record: VmRecord<VirtualMachine>, timeout = 90_000): Promise<StopOutcome> {
  const running = await runningProcess(record);
  if (running === undefined) return "was not running";
  const { qmp: socket } = record.machine;
  const asked = timeout > 0 && (await succeeds(qmp(socket, "system_powerdown")));
  if (asked && (await hasEnded(running, timeout))) return "powered down";
  if ((await succeeds(qmp(socket, "quit"))) && (await hasEnded(running, 10_000))) return "quit";
  signal(running, "SIGKILL");
  if (await hasEnded(running, 10_000)) return "killed";
  throw new UserError(`${record.machine.name}: process ${running.pid} does not end, even after SIGKILL`);
}

/** True if QEMU has answered, or closed its socket: when it quits, it may do so without an answer. Callers check the process. */
async function succeeds(asked: Promise<unknown>): Promise<boolean> {
  return asked.then(
    () => true,
    (error: unknown) => /closed by QEMU|ECONNRESET/.test(String(error)),
  );
}
