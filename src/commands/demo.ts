import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runSteps, type Step } from "../cli/steps.js";
import { talk } from "../cli/talk.js";
import type { EngineSetting } from "../compute/local/machine.js";
import { packageRoot } from "../do/assets.js";
import { ensurePackages } from "../do/debian-packages.js";
import { terminateLocal } from "../targets/local/do/end.js";
import { launchLocal, localRunner, waitUntilReady } from "../targets/local/do/launch.js";
import { run } from "../do/process.js";
import { together } from "../do/together.js";
import { secretReader } from "../do/secrets.js";
import { firstCall, placeCalls } from "../lab/demo/calls.js";
import { faultsOf, printReport, type DemoReport } from "../lab/demo/report.js";
import { DemoWorld } from "../lab/demo/world.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { bakeLocal } from "../targets/local/commands/bake.js";
import { writeDemoFleet } from "./demo-fleet.js";
import { loadFleet } from "./load-fleet.js";
import { renderHost } from "./render-host.js";

/** `npm start`: bakes an image, boots two proxies from it in separate networks, and places calls through them. */
export async function demo({ engine = "auto" }: { engine?: EngineSetting }): Promise<void> {
  talk.say(
    "Bakes an image, boots two proxies from it, and places SIPREC calls through them, all on this machine:",
  );
  talk.say("in network namespaces, with a database and two recorders. This needs root.\n");
  await ensurePackages((line) => talk.say(line), "bake", "network", "database");
  const file = await writeDemoFleet(engine);
  const { fleet } = loadFleet(file);
  const { image, reused } = await bakeLocal(fleet, file);
  const report: DemoReport = {
    fleetFile: file,
    image,
    reused,
    boots: [],
    legs: [],
    media: { received: 0, lost: 0 },
    late: [],
  };
  const show = new Demo(fleet, file, report);
  await runSteps(show.steps, () => show.stop());
  printReport(report);
  if (faultsOf(report).length > 0) process.exitCode = 1;
}

/** The steps after the bake. Each uses the results of earlier ones. */
class Demo {
  #world: DemoWorld | undefined;
  readonly #launched = new Map<string, number>();

  constructor(
    private readonly fleet: Fleet,
    private readonly file: string,
    private readonly report: DemoReport,
  ) {}

  readonly steps: readonly Step[] = [
    { title: "network, database, recorders", run: () => this.#startWorld() },
    {
      // hosts wait for the database
      title: "role and database (sip-proxy db init), two proxies launched (sip-proxy launch)",
      run: () => together(this.#initDatabase(), this.#launchAll()),
    },
    {
      title: "first boot: configure, database, media relay, Kamailio, self-test",
      run: () => this.#awaitReady(),
    },
    { title: "SIPREC calls through both proxies", run: (tell) => this.#call(tell) },
  ];

  get #running(): DemoWorld {
    if (!this.#world) throw new Error("the demonstration's network is not up");
    return this.#world;
  }

  async #startWorld(): Promise<void> {
    const password = await readFile(join(dirname(this.file), "postgres.password"), "utf8");
    this.#world = await DemoWorld.start(password);
  }

  /** Runs the command as an operator would, in a network that reaches the database. */
  async #initDatabase(): Promise<void> {
    const command = [process.execPath, join(packageRoot, "dist", "sip-proxy.js"), "db", "init", this.file];
    await run({ argv: this.#running.network.inNamespace("database", command) });
  }

  async #launchAll(): Promise<void> {
    const runner = await localRunner(this.fleet);
    await together(...this.fleet.hosts.map((host) => this.#launch(host, runner)));
  }

  async #launch(host: Host, runner: Awaited<ReturnType<typeof localRunner>>): Promise<void> {
    // left by an earlier run that was killed
    await terminateLocal(this.fleet, host);
    const { bytes: userData } = renderHost(this.fleet, host, secretReader(this.file));
    this.#launched.set(host.name, Date.now());
    const plug = this.#running.network.port(host.name);
    await launchLocal(this.fleet, host, { image: this.report.image.path, runner, userData, plug });
  }

  async #awaitReady(): Promise<void> {
    await Promise.all(this.fleet.hosts.map((host) => this.#awaitHost(host)));
  }

  async #awaitHost(host: Host): Promise<void> {
    const line = await waitUntilReady(this.fleet, host, 900_000);
    const [, boot = "0"] = /\((\d+) s after boot\)/.exec(line) ?? [];
    const sinceLaunch = () => Math.round((Date.now() - (this.#launched.get(host.name) ?? Date.now())) / 1000);
    const wall = sinceLaunch();
    const answered = await firstCall(this.#running, host.public_ip_address);
    this.report.boots.push({
      host: host.name,
      ready: Number(boot),
      wall,
      firstCall: answered ? sinceLaunch() : undefined,
    });
  }

  async #call(tell: (detail: string) => void): Promise<void> {
    Object.assign(this.report, await placeCalls(this.#running, tell));
  }

  async stop(): Promise<void> {
    await together(...this.fleet.hosts.map((host) => terminateLocal(this.fleet, host)));
    await this.#world?.stop();
  }
}
