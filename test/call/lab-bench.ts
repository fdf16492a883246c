import {
  startPlatform,
  startRecorder,
  type CallsJob,
  type PlatformReport,
  type Recorder,
} from "../../src/lab/agents.js";
import { Network, type Topology } from "../../src/lab/network.js";
import { eventually } from "../support/eventually.js";

export const RECORDER = { address: "10.0.0.3", publicAddress: "192.0.2.3", port: 5060 };
export const PLATFORMS = { platform: "203.0.113.10", natted: "192.168.77.10" };
export const TOPOLOGY: Topology = {
  platforms: [
    { name: "platform", address: PLATFORMS.platform },
    { name: "natted", address: PLATFORMS.natted, behind: "198.51.100.20" },
  ],
  lan: {
    bits: 24,
    gateway: "10.0.0.254",
    hosts: [
      { name: "recorder0", ...RECORDER },
      { name: "database", address: "10.0.0.9" },
    ],
  },
};

/** The lab alone, without a proxy: its own accuracy limits all measurements of a proxy. */
export class Bench {
  private constructor(
    readonly network: Network,
    readonly recorder: Recorder,
  ) {}

  static async start(): Promise<Bench> {
    const network = await new Network(TOPOLOGY).up();
    const { address, publicAddress, port } = RECORDER;
    const recorder = await startRecorder(network.namespace("recorder0"), {
      name: "recorder0",
      advertise: publicAddress,
      listen: (["udp", "tcp"] as const).map((transport) => ({ transport, address, port })),
    });
    return new Bench(network, recorder);
  }

  async stop(): Promise<void> {
    await this.recorder.stop();
    await this.network.down();
  }

  target(transport: "udp" | "tcp") {
    return { transport, address: RECORDER.publicAddress, port: RECORDER.port };
  }

  /** Places calls directly to the recorder and waits for their end. */
  async calls(
    from: keyof typeof PLATFORMS,
    transport: "udp" | "tcp",
    job: Partial<CallsJob>,
  ): Promise<PlatformReport> {
    const usual = { localAddress: PLATFORMS[from], targets: [this.target(transport)], calls: 1 };
    const platform = await startPlatform(this.network.namespace(from), { type: "calls", ...usual, ...job });
    try {
      return await platform.finished;
    } finally {
      await platform.stop();
    }
  }

  /** Totals after the end of all calls at the recorder, including the last packets. */
  async settled() {
    await eventually(async () => {
      if ((await this.recorder.totals()).active > 0) throw new Error("calls are up");
    });
    await new Promise((resolve) => setTimeout(resolve, 600)); // longer than a recorder's lingerMs
    return this.recorder.stats();
  }
}
