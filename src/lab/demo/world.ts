import { together } from "../../do/together.js";
import { startRecorder, type Recorder } from "../agents.js";
import { Network, type LanHost, type Topology } from "../network.js";
import { startPostgres, type Postgres } from "../postgres.js";
import { demo } from "./addresses.js";

type RecorderName = keyof typeof demo.recorders;

/** The surroundings of the proxies: network, database, recorders, and the platform's place. */
export class DemoWorld {
  readonly recorders = new Map<string, Recorder>();
  #database: Postgres | undefined;

  private constructor(readonly network: Network) {}

  /** `more`: places for further hosts of this machine. */
  static async start(postgresPassword: string, more: readonly LanHost[] = []): Promise<DemoWorld> {
    const { lan, ...rest } = topology;
    const world = new DemoWorld(new Network({ ...rest, lan: { ...lan, hosts: [...lan.hosts, ...more] } }));
    try {
      await world.network.up();
      await together(
        world.#startDatabase(postgresPassword),
        ...Object.keys(demo.recorders).map((name) => world.#startRecorder(name as RecorderName)),
      );
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  async #startDatabase(password: string): Promise<void> {
    const enter = this.network.inNamespace("database", []);
    this.#database = await startPostgres({ host: demo.database, port: 5432, enter, password });
  }

  async #startRecorder(name: RecorderName): Promise<void> {
    const {
      siprec_protocol: transport,
      private_ip_address: address,
      siprec_port: port,
    } = demo.recorders[name];
    const options = { name, listen: [{ transport, address, port }] };
    this.recorders.set(name, await startRecorder(this.network.namespace(name), options));
  }

  /** Disconnects the database, like an outage. */
  async stopDatabase(): Promise<void> {
    await this.#database?.stop();
    this.#database = undefined;
  }

  /** Makes the database hang, and resumes it. */
  async pauseDatabase(hangs: boolean): Promise<void> {
    await (hangs ? this.#database?.pause() : this.#database?.resume());
  }

  async stop(): Promise<void> {
    await together(...[...this.recorders.values()].map((recorder) => recorder.stop()), this.stopDatabase());
    await this.network.down();
  }
}

const topology: Topology = {
  platforms: [{ name: "platform", address: demo.platform }],
  lan: {
    bits: 24,
    gateway: demo.gateway,
    bridge: demo.bridge,
    hosts: [
      ...Object.entries(demo.proxies).map(([name, { private_ip_address, public_ip_address }]) => ({
        name,
        address: private_ip_address,
        publicAddress: public_ip_address,
        attach: "machine" as const,
      })),
      ...Object.entries(demo.recorders).map(([name, { private_ip_address }]) => ({
        name,
        address: private_ip_address,
      })),
      { name: "database", address: demo.database },
    ],
  },
};
