import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderHost } from "../../src/commands/render-host.js";
import { groupName } from "../../src/compute/host/contract.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt, start, type Finished } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { imdsAddress, startCloud, type Cloud, type CloudOptions } from "./host-cloud/client.js";
import { endpointPort } from "./host-cloud/server.js";
import { Network } from "../../src/lab/network.js";
import { fleetOf, reveal } from "./fleets.js";

export const endpointAddress = "10.0.0.8";
export const group = { name: "sipproxy" };

/** A group's fleet, with hosts in separate namespaces, a metadata service and AWS. */
export class HostLab {
  readonly folder = mkdtempSync(join(tmpdir(), "host-lab-"));

  private constructor(
    readonly network: Network,
    readonly cloud: Cloud,
    readonly fleet: ReturnType<typeof fleetOf>,
    private readonly names: readonly string[],
  ) {}

  static async start(
    count: number,
    options: Partial<CloudOptions> = {},
    parts: Parameters<typeof fleetOf>[0] = {},
  ): Promise<HostLab> {
    const names = Array.from({ length: count }, (_, index) => `host${index}`);
    const network = await new Network({
      platforms: [],
      lan: {
        bits: 16,
        gateway: "10.0.0.254",
        hosts: [
          { name: "cloud", address: endpointAddress, aliases: [imdsAddress] },
          ...names.map((name, index) => ({ name, address: privateAddress(index) })),
        ],
      },
    }).up();
    const cloud = await startCloud(network.namespace("cloud"), {
      imds: imdsAddress,
      endpoint: endpointAddress,
      region: "eu-west-1",
      group: groupName("test", group.name),
      instances: names.map((_, index) => ({ id: instanceId(index), privateAddress: privateAddress(index) })),
      ...options,
    });
    return new HostLab(network, cloud, groupFleet(parts), names);
  }

  /** A host's root folder after its user-data was written. Hosts have numbers. */
  async root(index: number): Promise<string> {
    const root = join(this.folder, String(index));
    const host = this.fleet.hosts.find(({ kind }) => kind === "group");
    if (!host) throw new Error("the fleet has no group");
    const { files } = renderHost(this.fleet, host, reveal);
    await writeFiles(root, files);
    return root;
  }

  /** Runs one of the host's scripts to its end. */
  async script(
    index: number,
    argv: readonly [string, ...string[]],
    env: Record<string, string> = {},
  ): Promise<Finished> {
    return attempt({ ...this.command(index, argv, env), timeout: 120_000 });
  }

  /** Starts one. The caller or `stop` ends it. */
  service(index: number, argv: readonly [string, ...string[]], env: Record<string, string> = {}) {
    return start(this.command(index, argv, env), { stdio: ["ignore", "pipe", "pipe"] });
  }

  private command(
    index: number,
    [name, ...args]: readonly [string, ...string[]],
    env: Record<string, string>,
  ) {
    const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
    const argv = this.network.inNamespace(this.names[index] ?? "", ["bash", join(lib, name), ...args]);
    const own = {
      SIP_PROXY_ROOT: join(this.folder, String(index)),
      SIP_PROXY_LIB: lib,
      SIP_PROXY_WAIT: "2",
      ...env,
    };
    return { argv, env: own };
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
    await this.network.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const privateAddress = (index: number) => `10.0.1.${index + 1}`;
export const instanceId = (index: number) => `i-${String(index).padStart(17, "0")}`;

/** A fleet with a group whose hosts use the lab's AWS. */
export function groupFleet(parts: Parameters<typeof fleetOf>[0] = {}) {
  return fleetOf({
    proxies: {},
    launch: { ec2: { region: "eu-west-1", host_endpoint_url: `http://${endpointAddress}:${endpointPort}` } },
    ...parts,
    group: { ...group, ...(parts["group"] as object | undefined) },
  });
}
