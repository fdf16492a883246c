import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { talk } from "../../../src/cli/talk.js";
import { attempt, run, type Finished } from "../../../src/do/process.js";
import { startPlatform, type Platform } from "../../../src/lab/agents.js";
import { demo } from "../../../src/lab/demo/addresses.js";
import { DemoWorld } from "../../../src/lab/demo/world.js";
import type { Hop } from "../../../src/lab/sip/uri.js";
import { certificate, type Certificate } from "../../support/certificates.js";
import { cli } from "../../support/demo-image.js";
import { until } from "../until.js";
import { countCalls, idleAfter, type Calls } from "./count.js";
import { DrillFleet, moved, third } from "./fleet.js";

export interface DrillSize {
  calls: number;
  /** Milliseconds. */
  holdMs: number;
  /** Packets per second of each of a call's two streams. */
  packets: number;
  /** Seconds that the database is silent. */
  outage: number;
  /** The commit of the earlier release. */
  former: string;
}

export interface Baked {
  path: string;
  manifest: { contents: { packages: Record<string, string> } };
}

/** Network ports for addresses that no proxy has yet. */
const attach = "machine" as const;
const places = [
  { name: "sipproxy2", address: third.private_ip_address, publicAddress: third.public_ip_address, attach },
  { name: "moved", address: moved.private_ip_address, publicAddress: moved.public_ip_address, attach },
];

/** Three hosts on this machine with their surroundings, and the operator's commands. */
export class DrillLab {
  readonly fleet: DrillFleet;
  /** The image for launches and rolls. */
  image = "";
  #platform: Platform | undefined;
  #env: Record<string, string>;

  private constructor(
    readonly world: DemoWorld,
    readonly size: DrillSize,
    private readonly folder: string,
  ) {
    this.fleet = new DrillFleet(folder, { netns: world.network.namespace("lan"), bridge: "lan" });
    this.#env = { XDG_STATE_HOME: join(folder, "state"), NO_COLOR: "1" };
  }

  static async start(size: DrillSize): Promise<DrillLab> {
    const lab = new DrillLab(
      await DemoWorld.start("postgres", places),
      size,
      mkdtempSync(join(tmpdir(), "drill-")),
    );
    await lab.newCertificate();
    return lab;
  }

  get hosts(): string[] {
    return Object.keys(this.fleet.proxies);
  }

  /** Public addresses of the proxies. */
  get addresses(): string[] {
    return Object.values(this.fleet.proxies).map((proxy) => proxy.public_ip_address);
  }

  /** Bakes the fleet file's image, or takes it from the cache. Later launches use this image. */
  async bake(program: readonly [string, string] = cli, file = this.fleet.file): Promise<Baked> {
    const argv = [...program, "bake", file, "--target", "local", "--json"] as const;
    const onLine = (line: string) => void (/^[✔✖]/.test(line) && talk.note(`    ${line}`));
    const baked = JSON.parse((await run({ argv, timeout: 1_700_000, onLine })).stdout) as Baked;
    this.image = baked.path;
    return baked;
  }

  /** Runs a command as an operator types it: database commands where the database is reachable, others where containers boot. */
  async command(verbs: string, ...words: readonly string[]): Promise<Finished> {
    const local = !/^db (init|seed)\b/.test(verbs);
    const image = /^(launch|fleet roll)\b/.test(verbs) ? ["--image", this.image] : [];
    const given = [...words, ...(local ? ["--target", "local"] : []), ...image];
    talk.note(`$ sip-proxy ${verbs} fleet.yaml ${given.join(" ")}`);
    return this.#run(cli, verbs, this.fleet.file, given);
  }

  /** Runs a command of another release with that release's fleet file. */
  async formerCommand(program: readonly [string, string], verbs: string, file: string, ...words: string[]) {
    return this.#run(program, verbs, file, [...words, "--target", "local"]);
  }

  async #run(program: readonly [string, string], verbs: string, file: string, words: readonly string[]) {
    const argv = [...program, ...verbs.split(" "), file, ...words] as const;
    const needsDatabase = /^(db|dispatcher)\b/.test(verbs);
    const where = needsDatabase ? this.world.network.inNamespace("database", argv) : argv;
    const onLine = (line: string) => talk.note(`    ${line}`);
    return run({ argv: where as typeof argv, env: this.#env, timeout: 1_800_000, onLine });
  }

  /** Replaces the certificate and key in the fleet file's folder. */
  async newCertificate(): Promise<Certificate> {
    const made = await certificate("sip.example.com");
    this.fleet.keep("tls.pem", made.cert);
    this.fleet.keep("tls.key", made.key);
    return made;
  }

  /** The fingerprint of the certificate that a proxy presents to the platform. */
  async shownCertificate(address: string): Promise<string> {
    const show = `openssl s_client -connect ${address}:5061 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
    return (await run({ argv: this.world.network.inNamespace("platform", ["sh", "-c", show]) })).stdout;
  }

  /**
   * Keeps calls up on all proxies while `work` runs; returns the results of the calls. `also`: addresses of future proxies. `takes`:
   * proxies that must take a new call afterwards; the function waits for these calls.
   */
  async underCalls(
    work: () => Promise<void>,
    also: readonly string[] = [],
    takes: () => readonly string[] = () => [],
  ): Promise<{ calls: Calls; seconds: number; idle: string[] }> {
    for (const recorder of this.world.recorders.values()) await recorder.forget();
    const platform = await this.#place(also);
    this.#platform = platform;
    try {
      await untilUp(platform, this.size.calls);
      const began = performance.now();
      await work();
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const { placed } = await platform.status();
      const idle = () => idleAfter(placed, platform.calls, takes());
      await until(() => idle().length === 0, 60 + this.size.holdMs / 1000);
      await platform.stopPlacing();
      const calls = await countCalls(platform, [...this.world.recorders.values()]);
      return { calls, seconds, idle: idle() };
    } finally {
      await platform.stop();
    }
  }

  /** Continues the calls of a dead proxy at another one, as a platform does. */
  async moveCalls(from: string, to: string): Promise<void> {
    const hops = (name: string) => hopsOf(this.fleet.proxies[name]?.public_ip_address ?? name);
    const others = hops(to);
    for (const [index, hop] of hops(from).entries())
      await this.#platform?.moveAll(others[index] ?? hop, "kept", hop);
    await this.#platform?.reinviteAll();
  }

  #place(also: readonly string[]): Promise<Platform> {
    const { calls, holdMs, packets } = this.size;
    return startPlatform(this.world.network.namespace("platform"), {
      ...{ type: "calls", localAddress: demo.platform, sipPort: 0 },
      ...{
        targets: [...this.addresses, ...also].flatMap(hopsOf),
        spread: "round-robin",
        rtp: { rate: packets },
      },
      ...{ monitorMs: 1000, avoidMs: 2000, calls: 1_000_000, maxConcurrent: calls, rate: 10, holdMs },
    });
  }

  async stop(): Promise<void> {
    const argv = [...cli, "terminate", this.fleet.file, ...this.hosts, "--target", "local", "--now"] as const;
    await attempt({ argv, env: this.#env });
    await this.world.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** The hops from a platform to a proxy: over UDP and over TLS. */
function hopsOf(address: string): Hop[] {
  return [
    { transport: "udp", address, port: 5080 },
    { transport: "tls", address, port: 5061 },
  ];
}

async function untilUp(platform: Platform, calls: number): Promise<void> {
  for (;;) {
    const { up, ended } = await platform.status();
    if (up >= calls || ended >= calls) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
