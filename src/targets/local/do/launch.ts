import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readManifest } from "../../../do/bake/image-store.js";
import { baseSpec } from "../../../compute/local/base-spec.js";
import { waitsFor } from "../../../compute/launch/boot-words.js";
import { userDataDigest } from "../../../compute/user-data/digest.js";
import { localSeed, nicConfig } from "../compute/seed.js";
import type { SshTarget } from "../../../compute/local/ssh.js";
import { macAddress } from "../../../compute/local/vm.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { SILENT, type Talk } from "../../../do/local/talk.js";
import { shortName, type PluggedIn } from "../../../do/local/plug.js";
import { findAccelerator } from "../../../do/local/accelerator.js";
import { ensureBaseImage } from "../../../do/local/base-image.js";
import { ensureBaseTree } from "../../../do/local/base-tree.js";
import { hostPaths } from "../../../do/local/paths.js";
import { waitForConsole } from "../../../do/local/console.js";
import { ensureSshKey } from "../../../do/local/ssh-key.js";
import { createVm } from "../../../do/local/vm.js";
import { stopLocal, terminateLocal, wouldEnd } from "./end.js";
import { refuseTakenAddresses } from "./addresses.js";
import { existingPlug, fleetPlug, netnsOf } from "./network.js";
import { previousImage, rememberImages } from "./former-image.js";
import { withLock } from "../../../do/local/lock.js";
import { ensureRawDisk, requireImage } from "../../../do/local/raw-disk.js";
import { findVm, listVms, vmFolder, type VmRecord } from "../../../do/local/vm-store.js";
import { createContainer, removeMachine, startMachine } from "../../../do/local/machine.js";
import { containersBoot } from "../../../do/local/try-container.js";
import type { Accelerator } from "../../../compute/local/accelerator.js";
import { CONTAINER_NIC } from "../../../compute/local/container.js";
import { chooseRunner, isContainer, type Runner } from "../../../compute/local/machine.js";
import type { HostOrder, Hosts, ListedHost, Rolling } from "../../hosts.js";

/** The inputs of a launch. */
export interface LocalLaunch {
  /** qcow2. */
  image: string;
  runner: Runner;
  /** user-data in the form that the host gets: gzip. */
  userData: Buffer;
  /** Its network connection; default: the fleet's bridge. */
  plug?: PluggedIn;
}

export type LaunchOutcome = "launched" | "started" | "already running";

/** The user that cloud-init creates on Debian. */
const guestUser = "debian";

/** Creates and starts a host, or starts a stopped one. Does nothing if it runs. Removes a new host that cannot be started. */
export async function launchLocal(fleet: Fleet, host: Host, launch: LocalLaunch): Promise<LaunchOutcome> {
  const plug = launch.plug ?? (await existingPlug(fleet));
  const found = await findVm(fleet.name, host.name);
  if (found) await refuseOtherUserData(fleet, host, launch.userData);
  if (found?.running) return "already running";
  const mac = macAddress(fleet.name, host.name);
  const record = found?.record ?? (await createHost(fleet, host, { ...launch, plug, mac }));
  try {
    await startMachine(record, { ...plug, mac });
  } catch (error) {
    if (!found) await removeMachine(record);
    throw error;
  }
  return found ? "started" : "launched";
}

async function createHost(
  fleet: Fleet,
  host: Host,
  { image, runner, userData, plug, mac }: LocalLaunch & { plug: PluggedIn; mac: string },
): Promise<VmRecord> {
  await refuseOtherRelay(fleet, image);
  await refuseTakenAddresses(fleet.name, [host]);
  const { publicKey } = await fleetKey(fleet);
  const card = runner === "container" ? { interface: CONTAINER_NIC } : { mac };
  const seed = localSeed(host, userData, nicConfig(fleet, host, card), publicKey);
  const { private_ip_address: given } = host;
  const address = given === "auto" ? {} : { address: given };
  const common = { fleet: fleet.name, name: host.name, base: image, seed, ...address, ...netnsOf(plug) };
  const record =
    runner === "container"
      ? await createContainer(common)
      : await createVm({
          ...common,
          memoryMiB: fleet.launch.local.memory,
          cpus: fleet.launch.local.cpus,
          accelerator: runner,
          nics: [{ kind: "tap", mac, name: plug.device ?? shortName(fleet.name, host.name) }],
        });
  await writeFile(digestFile(fleet, host), userDataDigest(userData));
  return record;
}

/** Milliseconds before messages about what a host is waiting for: most hosts are ready by then. */
const QUIET = 30_000;

/**
 * Waits until the host reports on its console that it is ready, and reports its messages meanwhile. Throws UserError with the last
 * lines of the console.
 */
export async function waitUntilReady(
  fleet: Fleet,
  host: Host,
  timeout: number,
  talk: Talk = SILENT,
): Promise<string> {
  const vm = await findVm(fleet.name, host.name);
  if (!vm) throw new UserError(`there is no host ${host.name}`, { hint: "launch it first" });
  const [line] = await waitForConsole(vm.record.machine.console, /sip-proxy: ready: .*/, {
    timeout,
    running: async () => (await findVm(fleet.name, host.name))?.running !== undefined,
    meanwhile: {
      words: waitsFor,
      every: QUIET,
      tell: (words) => talk.info(`${host.name}: not ready yet: ${words}`),
    },
  });
  return line;
}

/** How to log in to a host's VM. */
export async function sshToLocal(fleet: Fleet, host: Host): Promise<SshTarget> {
  const vm = await findVm(fleet.name, host.name);
  if (!vm?.running)
    throw new UserError(`${host.name} is not running`, {
      hint: `sip-proxy launch FLEET ${host.name} --target local`,
    });
  // the address at launch: the fleet file may have changed since
  const { address = host.private_ip_address } = vm.record;
  if (address === "auto")
    throw new UserError(`${host.name} cannot be reached: its address in the fleet file is auto`);
  const { netns } = vm.record.machine;
  const key = await fleetKey(fleet);
  return {
    host: address,
    port: 22,
    user: guestUser,
    key: key.file,
    ...(netns === undefined ? {} : { netns }),
  };
}

/** Whether the fleet's hosts run as containers or VMs on this machine. */
export async function localRunner(fleet: Fleet, talk: Talk = SILENT): Promise<Runner> {
  const { engine } = fleet.launch.local;
  return chooseRunner(engine, {
    accelerator: () => localAccelerator(talk),
    containersBoot: async () => containersBoot((await ensureBaseImage(baseSpec(), { talk })).disk, { talk }),
  });
}

/** KVM if a guest really runs with it; otherwise TCG. */
export async function localAccelerator(talk: Talk = SILENT): Promise<Accelerator> {
  const base = await ensureBaseTree(baseSpec(), { talk });
  return findAccelerator(base.kernel, { talk });
}

/** Whether a host runs, with this image and this user-data. */
async function isCurrent(fleet: Fleet, { host, userData }: HostOrder, image: string): Promise<boolean> {
  const found = await findVm(fleet.name, host.name);
  if (found?.running === undefined || found.record.base !== image) return false;
  const made = await readFile(digestFile(fleet, host), "utf8").catch(() => undefined);
  return made === userDataDigest(userData);
}

function fleetKey(fleet: Fleet) {
  return ensureSshKey(join(hostPaths().state, fleet.name, ".ssh"), `sip-proxy ${fleet.name}`);
}

/** The file with the digest of the host's user-data at launch, beside the VM's files. */
function digestFile(fleet: Fleet, host: Host): string {
  return join(vmFolder(fleet.name, host.name), "user-data.sha256");
}

/** Throws UserError for other user-data: it is read only at the first boot, so a second launch would have no effect. */
async function refuseOtherUserData(fleet: Fleet, host: Host, userData: Buffer): Promise<void> {
  const made = await readFile(digestFile(fleet, host), "utf8").catch(() => undefined);
  if (made === undefined || made === userDataDigest(userData)) return;
  throw new UserError(
    `${host.name} was launched with different user-data: the fleet file has changed since`,
    {
      hint: `to replace it without losing calls: sip-proxy fleet roll FLEET ${host.name} --target local`,
    },
  );
}

/** Throws UserError if the image has another media relay than the fleet file: the host would never be ready. */
async function refuseOtherRelay({ image: { media_relay } }: Fleet, image: string): Promise<void> {
  const found = (await readManifest(dirname(image)))?.contents.mediaRelay;
  if (found === undefined || found === media_relay) return;
  throw new UserError(`${image} has ${found}, but the fleet file has media_relay: ${media_relay}`, {
    hint: "bake an image for it (bake-image FLEET --target local), or name one with --image",
  });
}

/** Hosts as VMs or containers on this machine. A dry run reports what would be done. */
export class LocalHosts implements Hosts {
  #runner: Promise<Runner> | undefined;
  readonly rolling: Rolling = {
    isCurrent: async (order) => isCurrent(this.fleet, order, await this.image()),
    alone: (roll) => this.#alone(roll),
    prepare: (orders) => this.#prepare(orders),
    remember: async () => rememberImages(this.fleet.name, await this.image()),
    previous: () => previousImage(this.fleet.name),
  };

  constructor(
    private readonly fleet: Fleet,
    private readonly image: () => Promise<string>,
    private readonly dryRun: boolean,
    private readonly talk: Talk = SILENT,
  ) {}

  async launch({ host, userData }: HostOrder): Promise<string> {
    fleetPlug(this.fleet);
    const image = await this.image();
    const plug = await existingPlug(this.fleet);
    if (this.dryRun)
      return `would launch (${host.private_ip_address}) from ${image} with ${userData.length} bytes of user-data`;
    const outcome = await launchLocal(this.fleet, host, { image, runner: await this.#run(), userData, plug });
    const { base = image } = (await findVm(this.fleet.name, host.name))?.record ?? {};
    return base === image
      ? outcome
      : `${outcome}, from ${base}; for ${image}: sip-proxy fleet roll FLEET ${host.name} --target local`;
  }

  #run(): Promise<Runner> {
    this.#runner ??= localRunner(this.fleet, this.talk);
    return this.#runner;
  }

  async #prepare(orders: readonly HostOrder[]): Promise<void> {
    fleetPlug(this.fleet);
    await refuseTakenAddresses(
      this.fleet.name,
      orders.map(({ host }) => host),
    );
    await refuseOtherRelay(this.fleet, await this.image());
    await requireImage(await this.image());
    await existingPlug(this.fleet);
    if (this.dryRun) return;
    if ((await this.#run()) === "container") await ensureRawDisk(await this.image());
  }

  #alone<T>(roll: () => Promise<T>): Promise<T> {
    const { name } = this.fleet;
    return withLock(join(hostPaths().state, name, ".roll.lock"), roll, () =>
      this.talk.warn(
        `another roll of ${name} is running on this machine; waiting until it has finished (Ctrl-C stops waiting)`,
      ),
    );
  }

  waitUntilReady(host: Host, timeout: number): Promise<string> {
    return waitUntilReady(this.fleet, host, timeout, this.talk);
  }

  async list(): Promise<ListedHost[]> {
    const vms = await listVms({ fleet: this.fleet.name });
    return vms.map(({ record, running }) => ({
      name: record.machine.name,
      state: running ? "running" : "stopped",
      engine: isContainer(record.machine) ? "container" : "vm",
      pid: running?.pid,
      console: record.machine.console,
      image: record.base,
    }));
  }

  stop(host: Host): Promise<string> {
    return this.dryRun ? wouldEnd(this.fleet, host, "stop") : stopLocal(this.fleet, host);
  }

  terminate(host: Host): Promise<string> {
    return this.dryRun ? wouldEnd(this.fleet, host, "terminate") : terminateLocal(this.fleet, host);
  }
}
