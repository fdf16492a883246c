import { AllocateAddressCommand } from "@aws-sdk/client-ec2";
import { afterEach, beforeEach } from "vitest";
import { bases } from "./cloud.js";
import { makeProfile } from "./instance-profile.js";
import { PlayedHosts } from "./played-hosts.js";
import { told } from "./told.js";
import { cloud, subnets, useCloud } from "./use-cloud.js";

// Single instances, replaced one after the other.

export let played: PlayedHosts;
/** An Elastic IP of the user's own. */
export let own: string;

/** Two running hosts with the old AMI, in a separate account for each test. */
export function useRolls(): void {
  useCloud();
  beforeEach(begin);
  afterEach(() => played.stop());
}

async function begin(): Promise<void> {
  await makeProfile(cloud, "host");
  played = new PlayedHosts(cloud);
  own = (await cloud.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }))).PublicIp ?? "";
  await cloud.ok("launch", await fleet("old"), "sipproxy0", "sipproxy1", "--target", "ec2");
}

export const folderOf = (name: string) => played.folderOf(name);
export const instances = () => played.instances();
export const freeAddresses = (id: string) => played.freeAddresses(id);

const launched = { instance_type: "t3.medium", iam_instance_profile: "host", ssm_agent: true };

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

/** Calls that changed something, except commands to hosts. */
export async function roll(file: string, verb = "roll", ...more: string[]) {
  const { code, stderr, changes } = await told(cloud, "fleet", verb, file, ...more, "--target", "ec2");
  const actions = changes.map((change) => change.replace(/^\w+:/, ""));
  return { code, stderr, changes: actions.filter((action) => action !== "SendCommand") };
}

export const replaced = ["TerminateInstances", "RunInstances", "AssociateAddress"];
