import { describe, it } from "vitest";
import type { Artefact } from "../../src/compute/artefact.js";
import { renderHost } from "../../src/commands/render-host.js";
import { imageSources } from "../../src/do/assets.js";
import { attempt, type Finished } from "../../src/do/process.js";
import {
  runPlatform,
  startPlatform,
  startRecorder,
  type CallsJob,
  type OptionsJob,
  type Platform,
  type PlatformReport,
  type RawJob,
  type Recorder,
  type RecorderOptions,
  type SprayJob,
} from "../../src/lab/agents.js";
import { Network } from "../../src/lab/network.js";
import { callers, databaseAddress, topologyOf, type Caller } from "./lab-topology.js";
import { NativeProxy } from "./proxy/native-proxy.js";
import { rtpproxyFiles, rtpproxySkipped } from "./proxy/rtpproxy.js";
import { postgresPassword, startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { serversOf } from "../../src/understand/settings/database.js";
import type { Fleet, Host } from "../../src/understand/fleet.js";
import { eventually } from "./eventually.js";
import { fleetOf, fleetText } from "./fleets.js";

export { callers, type Caller };
export type Transport = "udp" | "tcp" | "tls";
export type Relay = "rtpengine" | "rtpproxy";

/** All kinds of platform, with their transports. */
export const kinds: { title: string; from: Caller; transport: Transport; job: Partial<CallsJob> }[] = [
  { title: "public addresses, UDP", from: "platform", transport: "udp", job: {} },
  { title: "public addresses, TCP", from: "platform", transport: "tcp", job: {} },
  { title: "private addresses behind a NAT, UDP", from: "natted", transport: "udp", job: {} },
  { title: "private addresses behind a NAT, TCP", from: "natted", transport: "tcp", job: {} },
  {
    title: "TCP with its source port in Via",
    from: "platform",
    transport: "tcp",
    job: { kind: "tcp-source-port" },
  },
];

const rtpproxy = await rtpproxyFiles();

/** Runs cases with rtpengine, and with RTPProxy if its source is available. */
export function withEachRelay(cases: (relay: Relay) => void): void {
  describe("with rtpengine", () => cases("rtpengine"));
  if (rtpproxy) describe("with RTPProxy", () => cases("rtpproxy"));
  else it("with RTPProxy", (test) => test.skip(rtpproxySkipped));
}

export interface LabOptions {
  relay?: Relay;
  /** Options of all recorders. */
  recorder?: Partial<RecorderOptions>;
  /** Files that replace those of the hosts. */
  files?: readonly Artefact[];
  /** Changes the hosts' files. */
  rewrite?: (file: Artefact) => Artefact;
  /** The root file system of the proxies: the folder of a chroot, or this machine's. */
  root?: string;
}

/** Proxies, recorders, a database and platforms of a fleet, in network namespaces. */
export class CallLab {
  readonly proxies = new Map<string, NativeProxy>();
  readonly recorders = new Map<string, Recorder>();
  readonly #platforms = new Set<Platform>();
  /** Delays of ended platforms. */
  #lateMs = 0;
  postgres: Postgres | undefined;

  private constructor(
    readonly fleet: Fleet,
    /** The fleet file. */
    readonly fleetText: string,
    readonly network: Network,
    private readonly options: LabOptions,
  ) {}

  static async start(parts: Parameters<typeof fleetOf>[0] = {}, options: LabOptions = {}): Promise<CallLab> {
    const file = {
      ...parts,
      image: { media_relay: options.relay ?? "rtpengine", ...(parts.image as object | undefined) },
      database: {
        dbhost: databaseAddress,
        dbpass_kam: "it's \\ a:secret \"$`",
        ...(parts["database"] as object | undefined),
      },
    };
    const fleet = fleetOf(file);
    const lab = new CallLab(fleet, fleetText(file), new Network(topologyOf(fleet)), options);
    try {
      await lab.network.up();
      await lab.startDatabase();
      await Promise.all(fleet.recorders.map(({ name }) => lab.startRecorder(name)));
      await Promise.all(fleet.hosts.map((host) => lab.startProxy(host.name)));
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  private async startDatabase(): Promise<void> {
    const enter = this.network.inNamespace("database", []).slice();
    const { db_kam, dbuser_kam, dbpass_kam } = this.fleet.database;
    const [server] = serversOf(this.fleet.database);
    this.postgres = await startPostgres({
      host: databaseAddress,
      ...(server && { port: server.port }),
      enter,
    });
    const password = dbpass_kam?.source;
    const literal = password?.from === "literal" ? password.value : postgresPassword;
    await this.postgres.query(
      `CREATE ROLE "${dbuser_kam}" LOGIN PASSWORD '${literal.replaceAll("'", "''")}'`,
    );
    await this.postgres.query(`CREATE DATABASE "${db_kam}" OWNER "${dbuser_kam}"`);
  }

  /** Starts a recorder, or restarts it after it was stopped. */
  async startRecorder(name: string, options: Partial<RecorderOptions> = {}): Promise<Recorder> {
    const row = this.fleet.recorders.find((candidate) => candidate.name === name);
    if (!row) throw new Error(`no recorder ${name}`);
    const { private_ip_address: address, siprec_port: port, siprec_protocol: transport } = row;
    const usual = { name, listen: [{ transport, address, port }], ...this.options.recorder };
    const recorder = await startRecorder(this.network.namespace(name), { ...usual, ...options });
    this.recorders.set(name, recorder);
    return recorder;
  }

  /** A proxy by name; by default, the fleet's first. */
  host(name = this.fleet.hosts[0]?.name): Host {
    const host = this.fleet.hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`no proxy ${name ?? ""}`);
    return host;
  }

  /** Boots a proxy, or boots it again after it was removed. `fleet` may differ from the lab's first one. */
  async startProxy(name = "sipproxy0", fleet = this.fleet): Promise<NativeProxy> {
    const host = fleet.hosts.find((candidate) => candidate.name === name) ?? this.host(name);
    const rendered = renderHost(fleet, host, (secret) =>
      secret.source.from === "literal" ? secret.source.value : "",
    );
    const own = [...imageSources().rootfs, ...rendered.files].map(this.options.rewrite ?? ((file) => file));
    const software = fleet.image.media_relay === "rtpproxy" ? (rtpproxy ?? []) : [];
    const proxy = await NativeProxy.boot({
      namespace: this.network.namespace(name),
      fleet,
      host,
      files: [...own, ...software, ...(this.options.files ?? [])],
      ...(this.options.root === undefined ? {} : { root: this.options.root }),
    });
    this.proxies.set(name, proxy);
    return proxy;
  }

  proxy(name = "sipproxy0"): NativeProxy {
    const proxy = this.proxies.get(name);
    if (!proxy) throw new Error(`no proxy ${name}`);
    return proxy;
  }

  recorder(name: string): Recorder {
    const recorder = this.recorders.get(name);
    if (!recorder) throw new Error(`no recorder ${name}`);
    return recorder;
  }

  /** The address to which the platform sends calls for a proxy. */
  target(transport: Transport = "udp", name?: string) {
    const { public_ip_address: address, settings } = this.host(name);
    const { sip_udp_port: udp, sip_tcp_port: tcp, sip_tls_port: tls } = settings;
    return { transport, address, port: { udp, tcp, tls }[transport] };
  }

  /** Starts to place calls. They continue until their job, a command or the lab ends them. */
  async place(job: Partial<CallsJob>, from: Caller = "platform"): Promise<Platform> {
    const usual = { localAddress: callers[from].address, targets: [this.target()], calls: 1 };
    const platform = await startPlatform(this.network.namespace(from), { type: "calls", ...usual, ...job });
    this.#platforms.add(platform);
    void platform.finished
      .then(({ summary }) => (this.#lateMs = Math.max(this.#lateMs, summary.lateMs)))
      .catch(() => undefined);
    return platform;
  }

  /** Places calls and waits for their end. */
  async calls(job: Partial<CallsJob> = {}, from: Caller = "platform"): Promise<PlatformReport> {
    const platform = await this.place(job, from);
    try {
      return await platform.finished;
    } finally {
      await platform.stop();
      this.#platforms.delete(platform);
    }
  }

  /** Sends OPTIONS to the proxy; returns the statuses of the answers, 0 for none. */
  async ask(from: Caller = "platform", job: Partial<OptionsJob> = {}): Promise<number[]> {
    const usual = { localAddress: callers[from].address, target: this.target(), timeoutMs: 1000, sipPort: 0 };
    const options: OptionsJob = { type: "options", ...usual, ...job };
    const events = await runPlatform(this.network.namespace(from), options);
    return events.flatMap((event) => (event.event === "options" ? [event.status] : []));
  }

  /** Sends raw bytes; returns the received texts: this many `replies`, or `until` one matches, or all within 0.3 s. */
  async send(
    payload: RawJob["payload"],
    from: Caller = "platform",
    job: Partial<RawJob> = {},
  ): Promise<string[]> {
    const waitMs = job.replies === undefined && job.until === undefined ? 300 : 30_000;
    const usual = { localAddress: callers[from].address, target: this.target(), waitMs };
    const raw: RawJob = { type: "raw", payload, ...usual, ...job };
    const events = await runPlatform(this.network.namespace(from), raw);
    return events.flatMap((event) => (event.event === "reply" ? [event.text] : []));
  }

  /** Runs a program on a host of the network, to its end. */
  on(name: string, ...argv: readonly string[]): Promise<Finished> {
    return attempt({ argv: this.network.inNamespace(name, argv), timeout: 120_000 });
  }

  /** Sends RTP from an unknown host to the whole range while `work` runs; returns what it sent and received. */
  async spray(
    durationMs: number,
    rate = 20_000,
    name = "sipproxy0",
  ): Promise<{ sent: number; received: number }> {
    const { public_ip_address: address, settings } = this.host(name);
    const target = { address, ports: [settings.rtp_start, settings.rtp_stop] as [number, number] };
    const job: SprayJob = { type: "spray", localAddress: callers.stranger.address, target, durationMs, rate };
    const [event] = await runPlatform(this.network.namespace("stranger"), job);
    if (event?.event !== "sprayed") throw new Error("no spray");
    return event;
  }

  /** The recorders' totals, after their calls have ended and the last packets have arrived. */
  async recorded() {
    const all = [...this.recorders.values()];
    await eventually(async () => {
      for (const recorder of all) if ((await recorder.totals()).active > 0) throw new Error("calls are up");
    });
    await pause(600); // longer than a recorder's lingerMs
    const stats = await Promise.all(all.map((recorder) => recorder.stats()));
    return stats.flatMap(({ calls }) => calls);
  }

  /** Waits until each recorder has the ACKs of all answered calls: before that, it must not send requests. */
  async acknowledged(): Promise<void> {
    await eventually(async () => {
      for (const recorder of this.recorders.values()) {
        const { answered, acks } = await recorder.totals();
        if (acks < answered) throw new Error(`${answered - acks} calls without ACK`);
      }
    });
  }

  /** The longest delay of a recorder or an ended platform by the machine since `forget`, in milliseconds. */
  async lateMs(): Promise<number> {
    const totals = await Promise.all([...this.recorders.values()].map((recorder) => recorder.totals()));
    return Math.max(this.#lateMs, ...totals.map(({ lateMs }) => lateMs));
  }

  /** Ends programs that a test has left running, and deletes the data of ended calls. */
  async forget(): Promise<void> {
    await this.#stopPlatforms();
    this.#lateMs = 0;
    for (const recorder of this.recorders.values()) {
      await recorder.forget();
      recorder.events.length = 0;
    }
  }

  async stop(): Promise<void> {
    await this.#stopPlatforms();
    for (const proxy of this.proxies.values()) await proxy.remove();
    for (const recorder of this.recorders.values()) await recorder.stop().catch(() => undefined);
    await this.postgres?.stop();
    await this.network.down();
  }

  async #stopPlatforms(): Promise<void> {
    for (const platform of this.#platforms) await platform.stop().catch(() => undefined);
    this.#platforms.clear();
  }
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
