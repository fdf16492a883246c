import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshTarget } from "../../../src/compute/local/ssh.js";
import { runInGuest } from "../../../src/do/local/ssh.js";
import { attempt, run } from "../../../src/do/process.js";
import {
  startPlatform,
  startRecorder,
  type CallsJob,
  type Platform,
  type Recorder,
} from "../../../src/lab/agents.js";
import { Network } from "../../../src/lab/network.js";
import { postgresPassword, startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { bakeImage, cli } from "../../support/demo-image.js";
import { fleetOf, fleetText } from "../../support/fleets.js";
import { callers, databaseAddress, topologyOf } from "../../support/lab-topology.js";

const name = "sipproxy0";

/** The unit of CPU times in proc(5). */
const USER_HZ = 100;

/** The fleet without its launch section. */
const parts = {
  fleet: "kernel",
  image: { base: "debian-13", media_relay: "rtpengine", kernel_forwarding: true },
  database: {
    dbhost: databaseAddress,
    dbpass_kam: "secret",
    dbuser_root: "postgres",
    dbpass_root: postgresPassword.replaceAll("$", "$$"),
  },
  settings: { trusted: ["203.0.113.0/24"], host_firewall: true, enable_metrics: true },
};

/** Packets that the relay has forwarded. */
export interface Forwarded {
  user: number;
  kernel: number;
}

/** A host in a VM, from an image with the module. Platform, stranger and recorders are outside the VM. */
export class KernelLab {
  readonly recorders: Recorder[] = [];
  #postgres: Postgres | undefined;
  readonly #platforms = new Set<Platform>();

  private constructor(
    readonly network: Network,
    readonly folder: string,
  ) {}

  static async start(): Promise<KernelLab> {
    const { platforms, lan } = topologyOf(fleetOf(parts));
    const hosts = lan.hosts.map((host) =>
      host.name === name ? { ...host, attach: "machine" as const } : host,
    );
    const network = new Network({ platforms, lan: { ...lan, bridge: "10.0.0.253", hosts } });
    const lab = new KernelLab(network, mkdtempSync(join(tmpdir(), "kernel-")));
    try {
      await network.up();
      await lab.#boot();
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  get fleetFile(): string {
    return join(this.folder, "fleet.yaml");
  }

  async #boot(): Promise<void> {
    const netns = this.network.namespace("lan");
    const local = { gateway: "10.0.0.254", netns, bridge: "lan", engine: "vm", cpus: 2 };
    writeFileSync(this.fleetFile, fleetText({ ...parts, launch: { local } }), { mode: 0o600 });
    for (const {
      name,
      private_ip_address: address,
      siprec_port: port,
      siprec_protocol: transport,
    } of fleetOf(parts).recorders) {
      const options = { name, listen: [{ transport, address, port }], rtcp: true };
      this.recorders.push(await startRecorder(this.network.namespace(name), options));
    }
    const enter = this.network.inNamespace("database", []);
    this.#postgres = await startPostgres({ host: databaseAddress, port: 5432, enter });
    await run({ argv: this.network.inNamespace("database", [...cli, "db", "init", this.fleetFile]) });
    await bakeImage(this.fleetFile);
    await this.sipProxy("launch", this.fleetFile, name, "--target", "local");
  }

  async sipProxy(...words: string[]): Promise<string> {
    const { stdout } = await run({ argv: [...cli, ...words], env: this.#env, timeout: 1_700_000 });
    return stdout;
  }

  get #env() {
    return { XDG_STATE_HOME: join(this.folder, "state"), NO_COLOR: "1" };
  }

  get #machines() {
    return join(this.#env.XDG_STATE_HOME, "sip-proxy/local", parts.fleet);
  }

  /** Runs a bash script as root in the guest. */
  inGuest(script: string): Promise<string> {
    return this.#guest(["sudo", "bash", "-s"], script);
  }

  /** Runs in-guest.py in the guest. Its input, and the last line of its output, are JSON. */
  async program<Told>(command: string, told: object, onLine?: (line: string) => void): Promise<Told> {
    const file = readFileSync(join(import.meta.dirname, "in-guest.py"), "utf8");
    const [script, input] = [file, JSON.stringify(told)].map((text) => Buffer.from(text).toString("base64"));
    const said = await this.#guest(
      ["sudo", "bash", "-s"],
      `python3 -c "$(base64 -d <<<${script})" ${command} < <(base64 -d <<<${input})`,
      onLine,
    );
    return JSON.parse(said.trimEnd().split("\n").at(-1) ?? "") as Told;
  }

  /** Copies a program into the guest. Returns its path there. */
  async install(name: string, program: Buffer): Promise<string> {
    const path = `/usr/local/bin/${name}`;
    const script = `base64 -d >${path} <<'END'\n${program.toString("base64")}\nEND\nchmod 755 ${path}`;
    await this.inGuest(script);
    return path;
  }

  /** CPU time of the emulator in seconds: the guest's work, independent of other load on this machine. */
  cpuSeconds(): number {
    const pid = readFileSync(join(this.#machines, name, "pid"), "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
  }

  #guest(argv: [string, ...string[]], input: string, onLine?: (line: string) => void): Promise<string> {
    const target: SshTarget = {
      host: "10.0.0.1",
      port: 22,
      user: "debian",
      key: join(this.#machines, ".ssh/id_ed25519"),
      netns: this.network.namespace("lan"),
    };
    return runInGuest(target, { argv, input, timeout: 1_200_000, ...(onLine && { onLine }) });
  }

  async forwarded(): Promise<Forwarded> {
    const lib = "/usr/lib/sip-proxy";
    const said = await this.inGuest(`${lib}/relay-control ng packets udp:127.0.0.1:2223`);
    const [user, kernel] = said.split(" ").map(Number);
    return { user: user ?? NaN, kernel: kernel ?? NaN };
  }

  /** Places calls. They continue until their job, a command or the lab ends them. */
  async place(job: Partial<CallsJob>): Promise<Platform> {
    const target = { transport: "udp" as const, address: "198.51.100.10", port: 5080 };
    const usual = { localAddress: callers.platform.address, sipPort: 0, targets: [target], calls: 1 };
    const platform = await startPlatform(this.network.namespace("platform"), {
      type: "calls",
      ...usual,
      ...job,
    });
    this.#platforms.add(platform);
    return platform;
  }

  /** Ends programs that a test has left running, and deletes the data of its calls. */
  async forget(): Promise<void> {
    for (const platform of this.#platforms) await platform.stop().catch(() => undefined);
    this.#platforms.clear();
    for (const recorder of this.recorders) await recorder.forget();
  }

  async stop(): Promise<void> {
    for (const platform of this.#platforms) await platform.stop().catch(() => undefined);
    await attempt({
      argv: [...cli, "terminate", this.fleetFile, name, "--target", "local", "--now"],
      env: this.#env,
    });
    for (const recorder of this.recorders) await recorder.stop().catch(() => undefined);
    await this.#postgres?.stop();
    await this.network.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
