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

/** A process of a relay, with its control address. */
export interface RelayProgram {
  control: string;
  argv: readonly string[];
}

/** A relay in a network namespace, with a host's arguments. */
export class RunningRelay {
  private constructor(
    readonly protocol: string,
    readonly controls: string[],
    private readonly children: ChildProcess[],
  ) {}

  static async start(
    name: RelayName,
    instances: number,
    namespace: string,
    folder: string,
  ): Promise<RunningRelay> {
    return RunningRelay.run(relays[name].protocol, namespace, await programsOf(name, instances, folder));
  }

  /** Runs the given programs as they are. */
  static run(protocol: string, namespace: string, programs: readonly RelayProgram[]): RunningRelay {
    const limited = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';
    return new RunningRelay(
      protocol,
      programs.map(({ control }) => control),
      programs.map(({ argv }) =>
        start({ argv: inNamespace(namespace, ["sh", "-c", limited, "relay", ...argv]) }, { stdio: "ignore" }),
      ),
    );
  }

  /** `ip netns exec` and the shell are replaced by the program (exec), so their process ids are the program's. */
  get pids(): number[] {
    return this.children.map(({ pid }) => pid ?? 0);
  }

  /** Ends the processes: with SIGKILL at once, or with SIGTERM in their own way. */
  async stop(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    }
  }
}

/** A host's relay programs with their arguments. `instances` applies to RTPProxy; rtpengine is always one process. */
export async function programsOf(
  name: RelayName,
  instances: number,
  folder: string,
): Promise<RelayProgram[]> {
  const [first, last] = ports.relay;
  const rtp = { rtp_start: first, rtp_stop: last, expected_calls: instances, calls_per_core: 1 };
  const program = name === "rtpproxy" ? await rtpproxyIn(folder) : name;
  return hostPrograms(name, rtp, { program, address: addresses.relay });
}

/** The same with these settings. All of the host's addresses are `address`: there is no NAT between relay and platform. */
export function hostPrograms(
  name: RelayName,
  settings: object,
  { program, address }: { program: string; address: string },
): RelayProgram[] {
  const [host] = fleetOf({ settings }).hosts;
  if (!host) throw new Error("no host");
  const addressed = (word: string) =>
    word.replaceAll(privateAddress, address).replaceAll(publicAddress, address);
  return relays[name]
    .instances(host.settings)
    .map(({ control, arguments: words }) => ({ control, argv: [program, ...words.map(addressed)] }));
}

async function rtpproxyIn(folder: string): Promise<string> {
  const [file] = (await rtpproxyFiles()) ?? [];
  if (!file) throw new Error(rtpproxySkipped);
  const path = join(folder, "rtpproxy");
  await writeFile(path, file.content, { mode: 0o755 });
  return path;
}
