import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Artefact } from "../../../src/compute/artefact.js";
import { attempt, run, start, type Finished } from "../../../src/do/process.js";
import { relayOf, type RelayName } from "../../../src/relay/registry.js";
import { environmentFile, relayUnits, unitOf } from "../../../src/relay/units.js";
import type { Fleet, Host } from "../../../src/understand/fleet.js";
import { PATIENCE } from "../slack.js";
import { kamailioMemory } from "./kamailio-memory.js";
import { Sandbox } from "./sandbox.js";

export interface NativeProxyOptions {
  namespace: string;
  fleet: Fleet;
  host: Host;
  /** All files of the host, from the image and from user-data; paths are relative to /. */
  files: readonly Artefact[];
  /** A chroot with the software of another release; this machine's by default. */
  root?: string;
  /** Seconds that steps may wait. */
  wait?: number;
}

/**
 * A proxy as on a host, but without a virtual machine: the same files, the same first-boot scripts in the same order, the same programs with
 * the same arguments as in the units. Only systemd is missing; this class replaces it.
 */
export class NativeProxy {
  readonly #services = new Map<string, ChildProcess>();
  readonly log: string[] = [];

  private constructor(
    readonly sandbox: Sandbox,
    private readonly options: NativeProxyOptions,
  ) {}

  /** Boots: configure, database, media relay, Kamailio. Resolves when Kamailio answers kamcmd. */
  static async boot(options: NativeProxyOptions): Promise<NativeProxy> {
    const { namespace, files, root } = options;
    const sandbox = await Sandbox.create({ namespace, files, ...(root === undefined ? {} : { root }) });
    const proxy = new NativeProxy(sandbox, options);
    try {
      await proxy.step("configure");
      await proxy.step("database");
      await proxy.startRelay();
      await proxy.startKamailio();
    } catch (error) {
      await proxy.remove();
      throw error;
    }
    return proxy;
  }

  /** Runs one of the host's scripts to its end. */
  async step(script: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await this.run(`/usr/lib/sip-proxy/${script}`, ...args);
    this.log.push(stdout, stderr);
    return stdout;
  }

  run(...argv: [string, ...string[]]): Promise<Finished> {
    const wait = String(this.options.wait ?? 10);
    return run(this.sandbox.command({ argv, env: { SIP_PROXY_WAIT: wait }, timeout: PATIENCE }));
  }

  /** Runs kamcmd; the text that it prints. */
  async kamcmd(...words: string[]): Promise<string> {
    return (await this.run("kamcmd", ...words)).stdout;
  }

  /** Starts the media relay's processes that do not run, with the arguments of their units. */
  async startRelay(): Promise<void> {
    const { fleet, host } = this.options;
    const relay = relayOf(fleet.image);
    await this.shell(`mkdir -p -m 777 /run/${relay.name}`);
    for (const instance of relay.instances(host.settings)) {
      const unit = unitOf(relay, instance);
      if (this.runs(unit)) continue;
      this.startService(
        unit,
        // without exec: nsenter would be stopped too
        `. /${environmentFile(relay, instance)}; umask 0; ulimit -n $(ulimit -Hn); ${relay.name} $OPTIONS; exit`,
      );
    }
    await this.step("media-relay", "check");
  }

  async startKamailio(): Promise<void> {
    await this.shell("mkdir -p /run/kamailio/tmp && chown -R kamailio:kamailio /run/kamailio");
    await this.launchKamailio();
    await this.untilKamailioAnswers();
  }

  private async launchKamailio(): Promise<void> {
    await this.step("dispatcher-source");
    this.startService(
      "kamailio",
      `set -a; . /etc/sip-proxy/host.env; . /run/sip-proxy/database.env; ulimit -n $(ulimit -Hn)
       exec kamailio -DD -E -f /etc/kamailio/kamailio.cfg -P /run/kamailio/kamailio.pid -u kamailio -g kamailio \\
         -m $SHARED_MEMORY_MIB ${kamailioMemory} $(sed -n 's/^KAMAILIO_OPTIONS=//p' /run/sip-proxy/kamailio.env)`,
    );
  }

  /** Whether any of the relay's processes runs. */
  relayRuns(): boolean {
    const { fleet, host } = this.options;
    return relayUnits(relayOf(fleet.image), host.settings).some((unit) => this.runs(unit));
  }

  private runs(name: string): boolean {
    const service = this.#services.get(name);
    return service !== undefined && service.exitCode === null && service.signalCode === null;
  }

  /** Starts a watching service. The relay's needs a replacement of systemctl (systemctl.ts). */
  startWatch(name: "relay-watch" | "call-watch" | "dispatcher-sync"): void {
    this.startService(name, `exec /usr/lib/sip-proxy/${name}`);
  }

  /** Stops the relay's processes whose arguments contain `words` (SIGSTOP), or resumes them. */
  async hang(relay: RelayName, hangs: boolean, words = ""): Promise<void> {
    await this.run("pkill", hangs ? "-STOP" : "-CONT", "-f", `^[^ ]*${relay} .*${words}`);
  }

  private startService(name: string, script: string): void {
    const child = start(this.sandbox.command({ argv: ["bash", "-c", script] }), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      // splits the output into lines, independent of chunks
      if (stream) createInterface({ input: stream }).on("line", (line) => this.log.push(`${name}: ${line}`));
    }
    this.#services.set(name, child);
  }

  /**
   * Restarts it when it ends, like its unit: a slow database ends it. Before that, kills remaining processes, like systemd for
   * a unit.
   */
  private async untilKamailioAnswers(): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      if (!this.runs("kamailio")) {
        await attempt(this.sandbox.command({ argv: ["pkill", "-KILL", "-x", "kamailio"] }));
        await this.launchKamailio();
      }
      if ((await attempt(this.sandbox.command({ argv: ["kamcmd", "core.uptime"] }))).exitCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`Kamailio does not answer:\n${this.log.slice(-20).join("\n")}`);
  }

  private async shell(script: string): Promise<void> {
    await this.run("bash", "-c", script);
  }

  /** Kills all processes of a program at once, like a crash. The sandbox has a separate process namespace. */
  async kill(program: "kamailio" | RelayName): Promise<void> {
    const services = [...this.#services]
      .filter(([name]) => name.startsWith(program))
      .map(([, child]) => child);
    const gone = Promise.all(
      services.filter(({ exitCode }) => exitCode === null).map((child) => once(child, "exit")),
    );
    await this.run("pkill", "-KILL", "-x", program);
    await gone;
  }

  async remove(): Promise<void> {
    await this.sandbox.remove();
  }
}
