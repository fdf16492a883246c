import { run } from "../do/process.js";
import { newPrefix, removeLeftovers, removeNetwork } from "./network/leftovers.js";
import { plan, type Plan } from "./network/plan.js";
import { lossRules } from "./network/rules.js";
import { faults, type Topology } from "./network/topology.js";

export type { LanHost, Topology } from "./network/topology.js";

export type Argv = [string, ...string[]];

/** The argv that runs a program in a network namespace. */
export function inNamespace(namespace: string, argv: readonly string[]): Argv {
  return ["ip", "netns", "exec", namespace, ...argv];
}

/**
 * A network of namespaces on this machine. The machine's own interfaces, routes and firewall are not touched. Names
 * are those of the topology, and `internet`, `gateway`, `lan` and `<platform>-nat` for the parts in between.
 */
export class Network {
  readonly #plan: Plan;
  #isUp = false;

  constructor(
    readonly topology: Topology,
    readonly prefix = newPrefix(),
  ) {
    const wrong = faults(topology);
    if (wrong.length > 0) throw new Error(`topology: ${wrong.join("; ")}`);
    this.#plan = plan(topology, (part) => this.namespace(part));
  }

  /** Removes networks of ended runs, and builds the network. If this fails, removes what was built. */
  async up(): Promise<this> {
    if (this.#isUp) return this;
    await removeLeftovers();
    await this.down();
    try {
      for (const command of this.#plan.commands) await run(command);
    } catch (error) {
      await this.down();
      throw error;
    }
    this.#isUp = true;
    return this;
  }

  /** Removes the network and kills programs that run in it. */
  async down(): Promise<void> {
    this.#isUp = false;
    await removeNetwork(this.prefix);
  }

  /** The namespace of a host or part. */
  namespace(name: string): string {
    return `${this.prefix}-${name}`;
  }

  /** The argv that runs a program on a host. */
  inNamespace(name: string, argv: readonly string[]): Argv {
    return inNamespace(this.namespace(name), argv);
  }

  /** The connection of a host: bridge, namespace of the bridge, and name of the device there. */
  port(name: string): { netns: string; bridge: string; device: string } {
    const port = this.#plan.ports.get(name);
    if (!port) throw new Error(`no host ${name} in the network`);
    return { netns: this.namespace(port.part), bridge: port.part, device: port.device };
  }

  /** Disconnects a host. */
  cut(name: string): Promise<void> {
    return this.lose(name, 1000);
  }

  /** Connects it again. */
  mend(name: string): Promise<void> {
    return this.lose(name, 0);
  }

  /** Drops this many of 1,000 packets to a host, and from it; 0: none. */
  async lose(name: string, perMille: number): Promise<void> {
    const { netns, device } = this.port(name);
    await run({ argv: inNamespace(netns, ["nft", "-f", "-"]), input: lossRules(device, perMille) });
  }
}
