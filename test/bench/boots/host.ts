import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { findHost, loadFleet } from "../../../src/commands/load-fleet.js";
import { renderHost, type RenderedHost } from "../../../src/commands/render-host.js";
import { TREE_FOLDERS, type Container } from "../../../src/compute/local/container.js";
import { stopMachine } from "../../../src/do/local/machine.js";
import { findVm, vmFolder, type VmStatus } from "../../../src/do/local/vm-store.js";
import { attempt, run } from "../../../src/do/process.js";
import { poll } from "../../../src/do/wait.js";
import { secretReader } from "../../../src/do/secrets.js";
import { DemoWorld } from "../../../src/lab/demo/world.js";
import { terminateLocal } from "../../../src/targets/local/do/end.js";
import { launchLocal } from "../../../src/targets/local/do/launch.js";
import type { Fleet } from "../../../src/understand/fleet.js";
import { bakeImage, cli, writeFleet } from "../../support/demo-image.js";

const name = "sipproxy0";

/** A host of the demonstration, as a container of the baked image, that can be created, cut off and restarted. */
export class BootedHost {
  private constructor(
    readonly world: DemoWorld,
    private readonly folder: string,
    private readonly image: string,
    private readonly fleet: Fleet,
    readonly rendered: RenderedHost,
  ) {}

  static async prepare(): Promise<BootedHost> {
    const folder = mkdtempSync(join(tmpdir(), "boots-"));
    process.env["XDG_STATE_HOME"] = join(folder, "state");
    const world = await DemoWorld.start("postgres");
    try {
      const file = writeFleet(folder, { netns: world.network.namespace("lan"), bridge: "lan" });
      const { path } = await bakeImage(file);
      await run({ argv: world.network.inNamespace("database", [...cli, "db", "init", file]) });
      const { fleet } = loadFleet(file);
      const rendered = renderHost(fleet, findHost(fleet, name), secretReader(file));
      return new BootedHost(world, folder, path, fleet, rendered);
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** Creates the host, or restarts it; returns at once. */
  async start(): Promise<void> {
    const { fleet, image, rendered } = this;
    await launchLocal(fleet, rendered.host, { image, runner: "container", userData: rendered.bytes });
  }

  /** Creates the host in its state before the first boot. */
  async make(): Promise<void> {
    await this.start();
    await this.cutOff();
    for (const folder of ["upper", "work"] as const) rmSync(join(this.#tree(), folder), { recursive: true });
    this.#makeFolders();
  }

  #makeFolders(): void {
    for (const folder of Object.values(TREE_FOLDERS))
      mkdirSync(join(this.#tree(), folder), { recursive: true, mode: 0o755 });
  }

  /** Cuts off a first boot before it has a network: only cloud-init's data about the instance stay. */
  async cutBeforeNetwork(): Promise<void> {
    await this.start();
    const upper = join((await this.#machine()).folder, "upper");
    const known = join(upper, "var/lib/cloud/data/instance-id");
    await poll(() => Promise.resolve(existsSync(known) || undefined), { timeout: 120_000, pause: 20 });
    await this.cutOff();
    const script =
      'find "$1" ! -type d ! -path "*/var/lib/cloud/*" ! -name first-boot-begun -delete; find "$1" -path "*/sem/*" ! -type d -delete';
    await run({ argv: ["sh", "-c", script, "cut", upper] });
  }

  /** Replaces the user-data of the host's datasource. */
  async giveUserData(bytes: Buffer): Promise<void> {
    await writeFile(join((await this.#machine()).seed, "user-data"), bytes);
  }

  /** Ends the host like a power failure. */
  async cutOff(): Promise<void> {
    const found = await this.#found();
    if (found !== undefined) await stopMachine(found.record, 0);
  }

  async remove(): Promise<void> {
    await this.cutOff();
    await attempt({ argv: ["umount", "-l", this.#tree()] }); // a mount by fillDisk
    await terminateLocal(this.fleet, this.rendered.host);
  }

  /** Mounts a new disk of `size` MiB for the host's writable files. It is full except for `free` KiB until `freeDisk`. */
  async fillDisk(size: number, free: number): Promise<void> {
    const tree = this.#tree();
    await run({ argv: ["mount", "-t", "tmpfs", "-o", `size=${size}m`, "boots", tree] });
    this.#makeFolders();
    await run({ argv: ["fallocate", "-l", `${size * 1024 - free}KiB`, join(tree, "filler")] });
  }

  freeDisk(): void {
    rmSync(join(this.#tree(), "filler"));
  }

  #tree(): string {
    return join(vmFolder(this.fleet.name, name), "tree");
  }

  async console(): Promise<string> {
    const file = (await this.#machine()).console;
    return existsSync(file) ? stripVTControlCharacters(readFileSync(file, "utf8")) : "";
  }

  /** `PROTOCOL ADDRESS:PORT` of all listening sockets in the host, except ports that the kernel chose. */
  async listening(): Promise<string[]> {
    const { namespace } = await this.#machine();
    const { stdout } = await attempt({ argv: ["ip", "netns", "exec", namespace, "ss", "-lntuH"] });
    const lines = stdout.split("\n").flatMap((line) => {
      const [protocol, , , , local = ""] = line.split(/\s+/);
      return local !== "" && Number(local.split(":").at(-1)) < 32768 ? [`${protocol} ${local}`] : [];
    });
    return [...new Set(lines)].sort();
  }

  /** Configuration files that differ from the fleet file, missing logins, and files of unfinished writes. */
  async wrongFiles(): Promise<string[]> {
    const upper = join((await this.#machine()).folder, "upper");
    const { files, filledIn } = this.rendered;
    const wrong = [...files, ...filledIn].flatMap(({ path, content }) => {
      const file = join(upper, path);
      return existsSync(file) && readFileSync(file).equals(Buffer.from(content)) ? [] : [path];
    });
    // missing or empty if a module of cloud-init was cut off, or was skipped because it seems to have run already
    const logins = ["etc/ssh/ssh_host_ed25519_key", "home/debian/.ssh/authorized_keys"].filter((path) => {
      const file = join(upper, path);
      return !existsSync(file) || statSync(file).size === 0;
    });
    const places = ["etc/kamailio", "etc/sip-proxy", "var/lib/sip-proxy"].map((place) => join(upper, place));
    const unfinished = places.flatMap((place) =>
      existsSync(place) && statSync(place).isDirectory()
        ? readdirSync(place, { recursive: true, encoding: "utf8" }).filter((file) => file.includes(".new."))
        : [],
    );
    return [...wrong, ...logins, ...unfinished];
  }

  /** Whether the first boot is over: cloud-init had enough disk space, or has restarted. */
  async hadRoom(): Promise<boolean> {
    return existsSync(join((await this.#machine()).folder, "upper/var/lib/sip-proxy/had-room"));
  }

  /** Appends the console of a failed round to a file. */
  async keepConsole(title: string): Promise<void> {
    appendFileSync(join(tmpdir(), "boots-console.log"), `=== ${title}\n${await this.console()}\n`);
  }

  async stop(): Promise<void> {
    await this.remove();
    await this.world.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #found(): Promise<VmStatus | undefined> {
    return findVm(this.fleet.name, name);
  }

  async #machine(): Promise<Container> {
    const found = await this.#found();
    if (found === undefined) throw new Error("there is no host");
    return found.record.machine as Container;
  }
}
