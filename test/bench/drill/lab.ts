import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { attempt, run } from "../../../src/do/process.js";
import { startPlatform, type Platform } from "../../../src/lab/agents.js";
import { demo } from "../../../src/lab/demo/addresses.js";
import { DemoWorld } from "../../../src/lab/demo/world.js";
import { bakeImage, cli, writeFleet } from "../../support/demo-image.js";

/** What a step's calls came to. */
export interface Calls {
  placed: number;
  /** Not answered, or not ended as they should. */
  failed: number;
  sent: number;
  missing: number;
  why: string;
}

type FleetFile = Record<string, unknown> & { image: object; recorders: Record<string, object> };

/** Two hosts of this machine, with all that is around them, and the commands of whoever operates them. */
export class DrillLab {
  readonly folder = mkdtempSync(join(tmpdir(), "drill-"));
  readonly hosts = Object.keys(demo.proxies);
  #env = { XDG_STATE_HOME: join(this.folder, "state"), NO_COLOR: "1" };

  private constructor(
    readonly world: DemoWorld,
    private readonly size: { calls: number; holdMs: number },
  ) {}

  static async start(size: { calls: number; holdMs: number }): Promise<DrillLab> {
    const lab = new DrillLab(await DemoWorld.start("postgres"), size);
    writeFleet(lab.folder, { netns: lab.world.network.namespace("lan"), bridge: "lan" });
    return lab;
  }

  get file(): string {
    return join(this.folder, "fleet.yaml");
  }

  /** Changes the fleet file. */
  edit(change: (fleet: FleetFile) => void): void {
    const fleet = load(readFileSync(this.file, "utf8")) as FleetFile;
    change(fleet);
    writeFileSync(this.file, dump(fleet));
  }

  async bake(): Promise<void> {
    await bakeImage(this.file);
  }

  /** A command: where the database is reached when it needs that, else where containers boot. */
  async command(verbs: string, ...words: readonly string[]): Promise<void> {
    const local = /^(launch|terminate|drain|undrain|fleet|dispatcher)\b/.test(verbs);
    const argv = [
      ...cli,
      ...verbs.split(" "),
      this.file,
      ...words,
      ...(local ? ["--target", "local"] : []),
    ] as const;
    const needsDatabase = /^(db|dispatcher)\b/.test(verbs);
    const where = needsDatabase ? this.world.network.inNamespace("database", argv) : argv;
    await run({ argv: where as typeof argv, env: this.#env, timeout: 1_800_000 });
  }

  /** Keeps calls up on both proxies while something is done, and looks at what became of each. */
  async underCalls(work: () => Promise<void>): Promise<{ calls: Calls; seconds: number }> {
    for (const recorder of this.world.recorders.values()) await recorder.forget();
    const platform = await this.#place();
    try {
      await untilUp(platform, this.size.calls);
      const began = performance.now();
      await work();
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      await platform.stopPlacing();
      return { calls: await this.#count(platform), seconds };
    } finally {
      await platform.stop();
    }
  }

  #place(): Promise<Platform> {
    const targets = Object.values(demo.proxies).map(({ public_ip_address: address }) => ({
      ...{ transport: "udp" as const, address, port: 5080 },
    }));
    const { calls, holdMs } = this.size;
    return startPlatform(this.world.network.namespace("platform"), {
      ...{ type: "calls", localAddress: demo.platform, sipPort: 0, targets, spread: "round-robin" },
      ...{ monitorMs: 1000, avoidMs: 2000, calls: 1_000_000, maxConcurrent: calls, rate: 10, holdMs },
    });
  }

  async #count(platform: Platform): Promise<Calls> {
    const { calls, summary } = await platform.finished;
    const sent = summary.rtpPackets;
    let received = -1;
    for (let before = -2; received < sent && received !== before;) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const totals = await Promise.all([...this.world.recorders.values()].map((one) => one.totals()));
      before = received;
      received = totals.reduce((sum, { rtpPackets }) => sum + rtpPackets, 0);
    }
    const bad = calls.filter(({ outcome, errors }) => outcome !== "ok" || errors.length > 0);
    const why = [
      ...new Set(
        bad.map(({ outcome, finalStatus, errors }) => `${outcome} ${finalStatus} ${errors.join(" ")}`),
      ),
    ];
    return { placed: calls.length, failed: bad.length, sent, missing: sent - received, why: why.join("; ") };
  }

  async stop(): Promise<void> {
    const argv = [...cli, "terminate", this.file, ...this.hosts, "--target", "local"] as const;
    await attempt({ argv, env: this.#env });
    await this.world.stop();
    rmSync(this.folder, { recursive: true });
  }
}

async function untilUp(platform: Platform, calls: number): Promise<void> {
  for (;;) {
    const { up, ended } = await platform.status();
    if (up >= calls || ended >= calls) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
