import { join } from "node:path";
import { Program } from "../../../src/lab/agents/child.js";
import { run } from "../../../src/do/process.js";
import { inNamespace } from "../../../src/lab/network.js";
import { PATIENCE } from "../slack.js";
import type { CloudCall, CloudEvent, CloudOptions, CloudState, Fault } from "./protocol.js";

export type { CloudCall, CloudOptions, CloudState } from "./protocol.js";

/** The address of every EC2 instance's metadata service. */
export const imdsAddress = "169.254.169.254";

/** A running metadata service and AWS endpoint. */
export class Cloud extends Program<CloudEvent> {
  constructor(namespace: string | undefined, options: CloudOptions) {
    super("cloud", namespace, options, [
      join(import.meta.dirname, "../run-ts.mjs"),
      join(import.meta.dirname, "main.ts"),
    ]);
  }

  /** The answered calls so far; optionally only those of one action. */
  calls(action?: string): CloudCall[] {
    return this.events
      .filter((event) => event.event === "call")
      .filter((call) => !action || call.action === action);
  }

  /** The completed hooks so far, as "INSTANCE HOOK RESULT". */
  get completed(): string[] {
    return this.events.flatMap((event) =>
      event.event === "completed" ? [`${event.instance} ${event.hook} ${event.result}`] : [],
    );
  }

  /** Resolves when the instance has completed the hook; with the result. */
  async untilCompleted(instance: string, hook: string, timeout = PATIENCE): Promise<string> {
    const wanted = (event: CloudEvent) =>
      event.event === "completed" && event.instance === instance && event.hook === hook;
    const event = await this.waitFor(wanted, timeout);
    return event.event === "completed" ? event.result : "";
  }

  async state(): Promise<CloudState> {
    return (await this.ask({ cmd: "state" })) as Extract<CloudEvent, { event: "state" }>;
  }

  /** Makes calls of an action fail from now on. */
  async inject(fault: Fault): Promise<void> {
    await this.ask({ cmd: "fault", fault });
  }

  async mend(): Promise<void> {
    await this.ask({ cmd: "mend" });
  }

  /** The group terminates an instance. */
  async terminate(instance: string): Promise<void> {
    await this.ask({ cmd: "terminate", instance });
  }

  /** An instance disappears suddenly. */
  async kill(instance: string): Promise<void> {
    await this.ask({ cmd: "kill", instance });
  }

  /** EC2 interrupts a spot instance. */
  async interrupt(instance: string, action: "terminate" | "stop" = "terminate"): Promise<void> {
    await this.ask({ cmd: "interrupt", instance, action });
  }

  async setSecret(name: string, value: string): Promise<void> {
    await this.ask({ cmd: "secret", name, value });
  }
}

/**
 * Starts it in a namespace with both addresses; resolves when it listens. As on EC2, answers of the metadata service have a hop
 * limit of 1.
 */
export async function startCloud(namespace: string, options: CloudOptions): Promise<Cloud> {
  await run({ argv: inNamespace(namespace, ["nft", "-f", "-"]), input: oneHop(options.imds) });
  const cloud = new Cloud(namespace, options);
  try {
    await cloud.waitFor((event) => event.event === "listening");
  } catch (error) {
    await cloud.stop();
    throw error;
  }
  return cloud;
}

function oneHop(imds: string): string {
  return `table ip imds {
  chain output {
    type filter hook output priority mangle;
    ip saddr ${imds} tcp sport 80 ip ttl set 1
  }
}
`;
}
