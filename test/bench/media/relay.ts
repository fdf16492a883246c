import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { start } from "../../../src/do/process.js";
import { inNamespace } from "../../../src/lab/network.js";
import { privateAddress, publicAddress } from "../../../src/relay/media-relay.js";
import { relays, type RelayName } from "../../../src/relay/registry.js";
import { fleetOf } from "../../support/fleets.js";
import { rtpproxyFiles, rtpproxySkipped } from "../../support/proxy/rtpproxy.js";
import { addresses, ports } from "./network.js";

/** A relay as a host runs it, in a network namespace. */
export class RunningRelay {
  private constructor(
    readonly protocol: string,
    readonly controls: string[],
    private readonly children: ChildProcess[],
  ) {}

  /** `instances`: of RTPProxy; rtpengine is one process. */
  static async start(
    name: RelayName,
    instances: number,
    namespace: string,
    folder: string,
  ): Promise<RunningRelay> {
    const relay = relays[name];
    const [first, last] = ports.relay;
    const rtp = { rtp_start: first, rtp_stop: last, expected_calls: instances, calls_per_core: 1 };
    const [host] = fleetOf({ settings: rtp }).hosts;
    if (!host) throw new Error("no host");
    const program = name === "rtpproxy" ? await rtpproxyIn(folder) : name;
    const all = relay.instances(host.settings);
    const children = all.map(({ arguments: words }) => {
      const text = words.map((word) =>
        word.replaceAll(privateAddress, addresses.relay).replaceAll(publicAddress, addresses.relay),
      );
      const limited = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';
      const argv = inNamespace(namespace, ["sh", "-c", limited, "relay", program, ...text]);
      return start({ argv }, { stdio: "ignore" });
    });
    return new RunningRelay(
      relay.protocol,
      all.map(({ control }) => control),
      children,
    );
  }

  /** `ip netns exec` and the shell become the program: theirs are its numbers. */
  get pids(): number[] {
    return this.children.map(({ pid }) => pid ?? 0);
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
  }
}

async function rtpproxyIn(folder: string): Promise<string> {
  const [file] = (await rtpproxyFiles()) ?? [];
  if (!file) throw new Error(rtpproxySkipped);
  const path = join(folder, "rtpproxy");
  await writeFile(path, file.content, { mode: 0o755 });
  return path;
}
