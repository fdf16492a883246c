import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DisassociateAddressCommand,
} from "@aws-sdk/client-ec2";
import type { AwsRequest } from "./aws-request.js";
import type { Cloud } from "./cloud.js";
import type { Answer } from "./fault-proxy.js";
import { PlayedRunCommand } from "./played-run-command.js";

const programs = {
  kamcmd: "true",
  // one call ends at every query
  "sip-proxy-drain": `calls=$(cat /run/calls 2>/dev/null || echo 0)
case $1 in
status) echo "calls=$calls"; [ ! -s /var/lib/sip-proxy/draining ] || [ "$calls" = 0 ] || echo $((calls - 1)) >/run/calls ;;
start) mkdir -p /var/lib/sip-proxy; echo now >/var/lib/sip-proxy/draining ;;
undo) rm -f /var/lib/sip-proxy/draining ;;
esac`,
};

/**
 * Simulated hosts, because moto's instances run nothing. SSM's endpoint runs scripts with a folder of each instance as /run and /var/lib, and
 * consoles report that hosts are ready.
 */
export class PlayedHosts {
  readonly ssm: PlayedRunCommand;
  /** Instances of these AMIs do not become ready. */
  readonly rotten = new Set<string>();
  /** Consoles no longer contain messages of the boot, as after months. */
  old = false;

  constructor(private readonly cloud: Cloud) {
    mkdirSync(this.folderOf("bin"));
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(this.folderOf("bin"), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    this.ssm = new PlayedRunCommand(cloud.proxy, (id, argv) => this.#enter(id, argv));
    cloud.proxy.standIns.set("GetConsoleOutput", (call) => this.#console(call));
    cloud.proxy.standIns.set("TerminateInstances", (call, forward) => this.#terminate(call, forward));
  }

  /** The folder in which a test sets the number of calls (`calls`), and finds the drain mark (`lib/sip-proxy/draining`). */
  folderOf(instance: string): string {
    return join(this.cloud.folder, instance);
  }

  /** Existing instances, with their Elastic IPs, by host. */
  async instances() {
    const { Reservations = [] } = await this.cloud.ec2.send(new DescribeInstancesCommand({}));
    const { Addresses = [] } = await this.cloud.ec2.send(new DescribeAddressesCommand({}));
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .filter(({ State }) => State?.Name !== "terminated")
      .map(({ InstanceId: id = "", ImageId: image = "", Tags }) => ({
        id,
        image,
        host: Tags?.find(({ Key }) => Key === "sip-proxy:host")?.Value ?? "",
        address: Addresses.find(({ InstanceId }) => InstanceId === id)?.PublicIp,
      }))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
  }

  /** Releases addresses when an instance ends, like EC2; moto does not. */
  async freeAddresses(id: string): Promise<void> {
    const { Addresses = [] } = await this.cloud.ec2.send(new DescribeAddressesCommand({}));
    for (const { AssociationId, InstanceId } of Addresses)
      if (InstanceId === id) await this.cloud.ec2.send(new DisassociateAddressCommand({ AssociationId }));
  }

  /** Kills programs that still run on them. */
  stop(): void {
    this.ssm.stop();
  }

  #enter(id: string, argv: string[]): [string, ...string[]] {
    mkdirSync(join(this.folderOf(id), "lib"), { recursive: true });
    mkdirSync(join(this.folderOf(id), "sip-proxy"), { recursive: true });
    if (!existsSync(join(this.folderOf(id), "rotten")))
      writeFileSync(join(this.folderOf(id), "sip-proxy/ready"), "");
    const enter =
      'mount --bind "$1/lib" /var/lib && mount --bind "$1" /run; PATH=$2:/usr/bin:/bin; shift 2; exec "$@"';
    const folders = [this.folderOf(id), this.folderOf("bin")];
    return ["unshare", "--mount", "sh", "-c", enter, "sh", ...folders, ...argv];
  }

  async #console({ params }: AwsRequest): Promise<Answer> {
    const id = String(params["InstanceId"]);
    const image = (await this.instances()).find((one) => one.id === id)?.image ?? "";
    const words = this.rotten.has(image) ? "not ready: no recorder answers" : "ready: 2 recorders";
    mkdirSync(this.folderOf(id), { recursive: true });
    if (this.rotten.has(image)) writeFileSync(join(this.folderOf(id), "rotten"), "");
    else rmSync(join(this.folderOf(id), "rotten"), { force: true });
    const output = Buffer.from(this.old ? "" : `sip-proxy: ${words}\r\n`).toString("base64");
    return { body: `<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>` };
  }

  async #terminate({ params }: AwsRequest, forward: () => Promise<Answer>): Promise<Answer> {
    const answer = await forward();
    if (params["DryRun"] !== "true") await this.freeAddresses(String(params["InstanceId.1"]));
    return answer;
  }
}
