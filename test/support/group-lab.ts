import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { basename } from "node:path";
import { renderHost } from "../../src/commands/render-host.js";
import { instanceRolePolicy } from "../../src/targets/ec2/compute/policy/instance-role.js";
import { groupName } from "../../src/compute/host/contract.js";
import { relayOf } from "../../src/relay/registry.js";
import { environmentFile } from "../../src/relay/units.js";
import { imageSources } from "../../src/do/assets.js";
import { attempt, run, start, type Finished } from "../../src/do/process.js";
import {
  startPlatform,
  startRecorder,
  type CallsJob,
  type Platform,
  type PlatformReport,
  type Recorder,
} from "../../src/lab/agents.js";
import { imdsAddress, startCloud, type Cloud, type CloudOptions } from "./host-cloud/client.js";
import { Network } from "../../src/lab/network.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { kamailioMemory } from "./proxy/kamailio-memory.js";
import { Sandbox } from "./proxy/sandbox.js";
import type { Fleet } from "../../src/understand/fleet.js";
import { endpointAddress, groupFleet, instanceId } from "./host-lab.js";

const platformAddress = "203.0.113.10";
const databaseAddress = "10.0.0.9";
const recorderAddress = "10.0.0.3";
export const labGateway = "10.0.0.254";
export const privateAddress = (index: number) => `10.0.0.${index + 101}`;
export const publicAddress = (index: number) => `198.51.100.${index + 101}`;

/** A password that is easy to recognise and hard to quote. */
export const databasePassword = `Passw0rd-of-the-lab '"\\$\`:`;

type Parts = Parameters<typeof groupFleet>[0];

/** A group's fleet as on AWS: addresses from the metadata service, the password as a reference. */
export function labFleet(parts: Parts = {}): Fleet {
  return groupFleet({
    image: { media_relay: "rtpengine" },
    recorders: {
      recorder0: { private_ip_address: recorderAddress, siprec_port: 5060, siprec_protocol: "udp" },
    },
    ...parts,
    settings: { drain_limit: 600, ...parts.settings },
    database: {
      dbhost: databaseAddress,
      dbpass_kam: "${secretsmanager:kam/db}",
      ...(parts["database"] as object | undefined),
    },
    group: { launch_timeout: 90, terminate_heartbeat: 30, ...(parts["group"] as object | undefined) },
  });
}

/** A group in namespaces: platform, gateway, database, recorder, AWS, and hosts that boot on demand. */
export class GroupLab {
  readonly hosts = new Map<number, GroupHost>();
  recorder: Recorder | undefined;
  postgres: Postgres | undefined;

  private constructor(
    readonly network: Network,
    readonly cloud: Cloud,
  ) {}

  static async start(
    count: number,
    options: Partial<CloudOptions> = {},
    fleet = labFleet(),
    /** How hosts are connected: sandboxes by a network namespace, virtual machines by a tap device. */
    attach?: "machine",
  ): Promise<GroupLab> {
    const indexes = Array.from({ length: count }, (_, index) => index);
    const network = await new Network({
      platforms: [{ name: "platform", address: platformAddress }],
      lan: {
        bits: 24,
        gateway: labGateway,
        hosts: [
          { name: "cloud", address: endpointAddress, aliases: [imdsAddress] },
          { name: "database", address: databaseAddress },
          { name: "recorder0", address: recorderAddress },
          ...indexes.map((i) => ({
            name: `host${i}`,
            address: privateAddress(i),
            publicAddress: publicAddress(i),
            ...(attach && { attach }),
          })),
        ],
      },
    }).up();
    const cloud = await startCloud(network.namespace("cloud"), {
      imds: imdsAddress,
      endpoint: endpointAddress,
      region: "eu-west-1",
      group: groupName(fleet.name, "sipproxy"),
      instances: indexes.map((i) => ({
        id: instanceId(i),
        privateAddress: privateAddress(i),
        publicAddress: publicAddress(i),
      })),
      secrets: { "kam/db": databasePassword },
      policy: instanceRolePolicy(fleet, { region: "eu-west-1", account: "*", kmsKeys: [] }),
      ...options,
    });
    return new GroupLab(network, cloud).furnish();
  }

  /** Seconds for the start of database and recorder: one or two on an idle machine. */
  #furnished = 0;

  /** A timeout in seconds for work that needs `calm` seconds on an idle machine, scaled to this machine's load. */
  patience(calm: number): number {
    return Math.round(Math.min(20, Math.max(1, this.#furnished / 2)) * calm);
  }

  private async furnish(): Promise<this> {
    const began = performance.now();
    const enter = this.network.inNamespace("database", []).slice();
    this.postgres = await startPostgres({ host: databaseAddress, port: 5432, enter });
    await this.postgres.query(
      `CREATE ROLE kamailio LOGIN PASSWORD '${databasePassword.replaceAll("'", "''")}'`,
    );
    await this.postgres.query("CREATE DATABASE kamailio OWNER kamailio");
    await this.startRecorder();
    this.#furnished = (performance.now() - began) / 1000;
    return this;
  }

  /** Starts the recorder, or restarts it after it was stopped. */
  async startRecorder(): Promise<void> {
    const listen = [{ transport: "udp" as const, address: recorderAddress, port: 5060 }];
    this.recorder = await startRecorder(this.network.namespace("recorder0"), { name: "recorder0", listen });
  }

  /** Boots a host, and waits until the group knows that it accepts calls. */
  async bringUp(index = 0, fleet = labFleet()): Promise<GroupHost> {
    const host = await this.boot(index, fleet);
    await this.cloud.untilCompleted(instanceId(index), "sip-proxy-launch").catch((cause: unknown) => {
      throw new Error(`the group heard nothing; the console:\n${host.console.join("\n")}`, { cause });
    });
    return host;
  }

  /** The lifecycle state of an instance in the group. */
  async lifecycle(index = 0): Promise<string> {
    return (await this.cloud.state()).instances[instanceId(index)]?.lifecycle ?? "unknown";
  }

  /** Boots a host from a fleet's user-data: its steps in order, and its agents at the same time. */
  async boot(index: number, fleet = labFleet()): Promise<GroupHost> {
    const host = await GroupHost.create(this.network.namespace(`host${index}`), fleet);
    this.hosts.set(index, host);
    host.powerOn();
    return host;
  }

  /** Places calls through a host. */
  async call(index: number, job: Partial<CallsJob>): Promise<Platform> {
    const target = { transport: "udp" as const, address: publicAddress(index), port: 5080 };
    const usual = { localAddress: platformAddress, targets: [target], calls: 1, sipPort: 0 };
    return startPlatform(this.network.namespace("platform"), { type: "calls", ...usual, ...job });
  }

  /** Places calls through a host and waits for their end. */
  async calls(index: number, job: Partial<CallsJob>): Promise<PlatformReport> {
    const platform = await this.call(index, job);
    try {
      return await platform.finished;
    } finally {
      await platform.stop();
    }
  }

  async stop(): Promise<void> {
    for (const host of this.hosts.values()) await host.remove();
    await this.recorder?.stop();
    await this.cloud.stop();
    await this.postgres?.stop();
    await this.network.down();
  }
}

/** Replaces systemd on a host: runs the steps in order, restarts services, and runs agents at the same time. */
const init = (relays: string[]) => `
lib=/usr/lib/sip-proxy
export SIP_PROXY_LOOK=1 SIP_PROXY_PATIENCE=20 SIP_PROXY_MINUTE=3 SIP_PROXY_DNS_PAUSE=3
for agent in lifecycle health publish-metrics dns; do $lib/$agent & done
again() { while :; do "$@"; sleep 1; done; }
kamailio() {
  $lib/dispatcher-source
  set -a; . /etc/sip-proxy/host.env; . /run/sip-proxy/database.env; set +a
  command kamailio -DD -E -f /etc/kamailio/kamailio.cfg -P /run/kamailio/kamailio.pid -u kamailio -g kamailio \\
    -m 128 ${kamailioMemory} $(sed -n 's/^KAMAILIO_OPTIONS=//p' /run/sip-proxy/kamailio.env) 2>/run/kamailio.log
}
relay() { . /etc/sip-proxy/$1.env; test -e /run/no-relay || \${1%-*} $OPTIONS >/run/$1.log 2>&1; }
$lib/configure && $lib/database || exit
mkdir -p -m 777 /run/rtpproxy; mkdir -p /run/kamailio/tmp; chown -R kamailio:kamailio /run/kamailio
for unit in ${relays.join(" ")}; do again relay $unit & done
$lib/media-relay check && { again kamailio & $lib/selftest; }
wait
`;

/** A host of the group in a sandbox: its disk is kept over a reboot, /run is not. */
export class GroupHost {
  /** Lines of its console. */
  readonly console: string[] = [];
  #init: ChildProcess | undefined;

  private constructor(
    readonly sandbox: Sandbox,
    private readonly script: string,
  ) {}

  static async create(namespace: string, fleet: Fleet): Promise<GroupHost> {
    const host = fleet.hosts.find(({ kind }) => kind === "group");
    if (!host) throw new Error("the fleet has no group");
    const reveal = () => {
      throw new Error("a literal secret in the group's user-data");
    };
    const files = [...imageSources().rootfs, ...renderHost(fleet, host, reveal).files];
    const relay = relayOf(fleet.image);
    const relays = relay
      .instances(host.settings)
      .map((each) => basename(environmentFile(relay, each), ".env"));
    return new GroupHost(await Sandbox.create({ namespace, files }), init(relays));
  }

  powerOn(): void {
    const command = this.sandbox.command({ argv: ["bash", "-c", this.script] });
    this.#init = start(command, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#init.stdout, this.#init.stderr])
      if (stream) createInterface({ input: stream }).on("line", (line) => this.console.push(line));
  }

  /** Kills everything immediately, empties /run, and boots again. */
  async reboot(): Promise<void> {
    // (except the shell itself)
    await this.run("bash", "-c", "kill -KILL -1; rm -rf /run/*");
    this.console.push("--- reboot ---");
    this.powerOn();
  }

  run(...argv: [string, ...string[]]): Promise<Finished> {
    return run(this.sandbox.command({ argv, timeout: 120_000 }));
  }

  async isReady(): Promise<boolean> {
    const there = await attempt(this.sandbox.command({ argv: ["test", "-e", "/run/sip-proxy/ready"] }));
    return there.exitCode === 0;
  }

  /** Resolves with the line when it appears on the console. */
  async until(pattern: RegExp, timeout = 120_000): Promise<string> {
    const deadline = Date.now() + timeout;
    while (Date.now() < deadline) {
      const line = this.console.find((text) => pattern.test(text));
      if (line !== undefined) return line;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(
      `not said in ${timeout / 1000} s: ${String(pattern)}\n${this.console.slice(-30).join("\n")}`,
    );
  }

  async remove(): Promise<void> {
    await this.sandbox.remove();
  }
}
