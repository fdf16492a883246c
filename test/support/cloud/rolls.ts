import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AllocateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DisassociateAddressCommand,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach } from "vitest";
import { bases } from "./cloud.js";
import { makeProfile } from "./instance-profile.js";
import { PlayedRunCommand } from "./played-run-command.js";
import { told } from "./told.js";
import { cloud, subnets, useCloud } from "./use-cloud.js";

// Single instances, replaced one after the other. They are asked through SSM, whose endpoint runs the scripts with a folder of each
// instance as /run and /var/lib, and they tell on their consoles that they are ready.

export let ssm: PlayedRunCommand;
export const played = {
  /** Instances of these AMIs do not become ready. */
  rotten: new Set<string>(),
  /** Consoles of instances that run for months have lost what was said at the boot. */
  old: false,
};
/** An Elastic IP of the user's own. */
export let own: string;

const programs = {
  kamcmd: "true",
  // a call ends at every look
  "sip-proxy-drain": `calls=$(cat /run/calls 2>/dev/null || echo 0)
case $1 in
status) echo "calls=$calls"; [ ! -s /var/lib/sip-proxy/draining ] || [ "$calls" = 0 ] || echo $((calls - 1)) >/run/calls ;;
start) mkdir -p /var/lib/sip-proxy; echo now >/var/lib/sip-proxy/draining ;;
undo) rm -f /var/lib/sip-proxy/draining ;;
esac`,
};

/** Two hosts of the old AMI, which run, in an account for each test. */
export function useRolls(): void {
  useCloud();
  beforeEach(begin);
  afterEach(() => ssm.stop());
}

async function begin(): Promise<void> {
  await makeProfile(cloud, "host");
  played.rotten.clear();
  played.old = false;
  mkdirSync(folderOf("bin"));
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folderOf("bin"), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  ssm = new PlayedRunCommand(cloud.proxy, (id, argv) => {
    mkdirSync(join(folderOf(id), "lib"), { recursive: true });
    mkdirSync(join(folderOf(id), "sip-proxy"), { recursive: true });
    if (!existsSync(join(folderOf(id), "rotten"))) writeFileSync(join(folderOf(id), "sip-proxy/ready"), "");
    const enter =
      'mount --bind "$1/lib" /var/lib && mount --bind "$1" /run; PATH=$2:/usr/bin:/bin; shift 2; exec "$@"';
    return ["unshare", "--mount", "sh", "-c", enter, "sh", folderOf(id), folderOf("bin"), ...argv];
  });
  cloud.proxy.standIns.set("GetConsoleOutput", async ({ params }) => {
    const id = String(params["InstanceId"]);
    const image = (await instances()).find((one) => one.id === id)?.image ?? "";
    const words = played.rotten.has(image) ? "not ready: no recorder answers" : "ready: 2 recorders";
    mkdirSync(folderOf(id), { recursive: true });
    if (played.rotten.has(image)) writeFileSync(join(folderOf(id), "rotten"), "");
    else rmSync(join(folderOf(id), "rotten"), { force: true });
    const output = Buffer.from(played.old ? "" : `sip-proxy: ${words}\r\n`).toString("base64");
    return { body: `<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>` };
  });
  cloud.proxy.standIns.set("TerminateInstances", async ({ params }, forward) => {
    const answer = await forward();
    if (params["DryRun"] !== "true") await freeAddresses(String(params["InstanceId.1"]));
    return answer;
  });
  own = (await cloud.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }))).PublicIp ?? "";
  await cloud.ok("launch", await fleet("old"), "sipproxy0", "sipproxy1", "--target", "ec2");
}

export const folderOf = (name: string) => join(cloud.folder, name);

const launched = { instance_type: "t3.medium", iam_instance_profile: "host", ssm_agent: true };

/** As EC2 does when an instance ends; moto leaves them with it. */
export async function freeAddresses(id: string): Promise<void> {
  const { Addresses = [] } = await cloud.ec2.send(new DescribeAddressesCommand({}));
  for (const { AssociationId, InstanceId } of Addresses)
    if (InstanceId === id) await cloud.ec2.send(new DisassociateAddressCommand({ AssociationId }));
}

let files = 0;
export const fleet = (base: keyof typeof bases, parts: object = {}, ec2: object = {}) =>
  cloud.fleet(
    {
      proxies: {
        sipproxy0: { public_ip_address: own, private_ip_address: "172.31.0.10" },
        sipproxy1: { public_ip_address: "auto", private_ip_address: "172.31.0.11" },
      },
      launch: { ec2: { ...launched, subnets, ami: bases[base].ami_id, ...ec2 } },
      database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
      ...parts,
    },
    `fleet-${files++}`,
  );

/** What was changed, without the commands that were sent to hosts. */
export async function roll(file: string, verb = "roll", ...more: string[]) {
  const { code, stderr, changes } = await told(cloud, "fleet", verb, file, ...more, "--target", "ec2");
  const actions = changes.map((change) => change.replace(/^\w+:/, ""));
  return { code, stderr, changes: actions.filter((action) => action !== "SendCommand") };
}

/** Those that are there, with their Elastic IPs, by their hosts. */
export async function instances() {
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({}));
  const { Addresses = [] } = await cloud.ec2.send(new DescribeAddressesCommand({}));
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

export const replaced = ["TerminateInstances", "RunInstances", "AssociateAddress"];
