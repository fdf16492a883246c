import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import { afterEach, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { start } from "../../src/do/process.js";
import { bases } from "../support/cloud/cloud.js";
import { makeZone } from "../support/cloud/made-beside.js";
import { told } from "../support/cloud/told.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";
import { eventually } from "../support/eventually.js";
import { replaceFile } from "../support/replace-file.js";

// The agents of a group's hosts and the commands, with one zone in moto.

useCloud();

const name = "sip.example.com";
const agents: ChildProcess[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await end(agent);
});

async function end(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = once(agent, "exit");
  agent.kill("SIGKILL");
  await ended;
}

const newZone = () => makeZone(cloud, "example.com.");

const fleet = (zone: string) =>
  cloud.fleet({
    dns: { domain: name, ttl: 30 },
    group: { name: "proxies", subnets, min: 2, max: 4, hosted_zone_id: zone },
    launch: { ec2: { instance_type: "t3.medium", iam_instance_profile: "host", ami: bases.old.ami_id } },
  });

const change = (zone: string, Action: "CREATE" | "DELETE", ResourceRecordSet: ResourceRecordSet) =>
  cloud.route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone,
      ChangeBatch: { Changes: [{ Action, ResourceRecordSet }] },
    }),
  );

/** The zone's records, without those that every zone has. */
async function records(zone: string): Promise<string[]> {
  const { ResourceRecordSets = [] } = await cloud.route53.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: zone }),
  );
  return ResourceRecordSets.filter(({ Type }) => Type === "A" || Type === "TXT")
    .map((one) => `${one.Name} ${one.SetIdentifier ?? "-"} ${one.ResourceRecords?.[0]?.Value}`)
    .sort();
}

async function members(): Promise<string[]> {
  const { AutoScalingGroups = [] } = await cloud.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["test-proxies"] }),
  );
  return (AutoScalingGroups[0]?.Instances ?? []).map(({ InstanceId = "" }) => InstanceId).sort();
}

/** Starts a host's agent, with shell functions as metadata service. Returns a function that tells the host that it must go. */
function boot(zone: string, instance: string, address: string): { goes: () => void; agent: ChildProcess } {
  const folder = join(cloud.folder, instance);
  const lib = join(folder, "lib");
  cpSync(join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy"), lib, { recursive: true });
  const credentials =
    '{"Expiration":"2099-01-01T00:00:00Z","AccessKeyId":"a","SecretAccessKey":"s","Token":"t"}';
  writeFileSync(
    join(lib, "metadata.sh"),
    `imds_get() { case $1 in
      meta-data/instance-id) echo ${instance} ;;
      meta-data/placement/region) echo eu-west-1 ;;
      meta-data/services/domain) echo amazonaws.com ;;
      meta-data/autoscaling/target-lifecycle-state) echo InService ;;
      meta-data/iam/security-credentials/) echo role ;;
      meta-data/iam/security-credentials/role) echo '${credentials}' ;;
      *) return 4 ;; esac; }\n`,
  );
  for (const path of ["etc/sip-proxy", "run/sip-proxy", "var/lib/sip-proxy/lifecycle"])
    mkdirSync(join(folder, path), { recursive: true });
  const env = {
    KIND: "group",
    FLEET: "test",
    GROUP: "test-proxies",
    DNS_ZONE: zone,
    DNS_NAME: name,
    DNS_MARKER: `_sip-proxy.${name}`,
    DNS_TTL: "30",
    DNS_ADDRESS: "public",
    AWS_ENDPOINT_URL: cloud.moto.url,
    RELAY_PROTOCOL: "ng",
  };
  const lines = (of: object) => Object.entries(of).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, "etc/sip-proxy/host.env"), lines(env).join(""));
  writeFileSync(
    join(folder, "run/sip-proxy/addresses.env"),
    lines({ PRIVATE_IP: "10.0.0.1", PUBLIC_IP: address }).join(""),
  );
  writeFileSync(join(folder, "run/sip-proxy/ready"), "");
  const agent = start(
    {
      argv: ["bash", join(lib, "dns")],
      env: { SIP_PROXY_LIB: lib, SIP_PROXY_ROOT: folder, SIP_PROXY_LOOK: "0.2", SIP_PROXY_DNS_PAUSE: "1" },
    },
    { stdio: "ignore" },
  );
  agents.push(agent);
  return { agent, goes: () => replaceFile(join(folder, "var/lib/sip-proxy/lifecycle/going"), "1\n") };
}

test("a group's hosts come and go in DNS, status shows them, delete removes what they left and nothing else", async () => {
  const zone = await newZone();
  const file = await fleet(zone);
  await cloud.ok("group", "apply", file);
  const [one = "", two = ""] = await members();
  const byHand = {
    Name: name,
    Type: "A" as const,
    SetIdentifier: "by hand",
    MultiValueAnswer: true,
    TTL: 60,
  };
  expect((await cloud.ok("group", "status", file)).stdout).toMatch(
    /sip\.example\.com: has no marker of this group/,
  );

  const marker = (turn: number) =>
    `_sip-proxy.${name}. - "sip-proxy fleet=test group=test-proxies region=eu-west-1 turn=${turn}"`;
  const record = (instance: string, address: string) => `${name}. ${instance} ${address}`;
  const first = boot(zone, one, "198.51.100.1");
  const second = boot(zone, two, "198.51.100.2");
  const both = [marker(0), record(one, "198.51.100.1"), record(two, "198.51.100.2")].sort();
  await eventually(async () => expect(await records(zone)).toEqual(both), 120_000);
  expect((await cloud.ok("group", "status", file)).stdout).toContain(
    `${name} has the addresses of ${[one, two].sort().join(", ")}`,
  );

  first.goes();
  const left = [marker(1), record(two, "198.51.100.2")].sort();
  await eventually(async () => expect(await records(zone)).toEqual(left), 120_000);

  // the second host is the last one in DNS: its record stays, although the host goes
  second.goes();
  await change(zone, "CREATE", { ...byHand, ResourceRecords: [{ Value: "192.0.2.1" }] });
  await end(second.agent);
  const foreign = record("by hand", "192.0.2.1");

  // without permission to read the records, the command fails before the first proxy drains
  cloud.proxy.trouble("ListResourceRecordSets", { code: "AccessDenied" }, { times: 9 });
  const refused = await told(cloud, "group", "delete", file, "--force");
  expect(refused).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringContaining("AccessDenied") as string,
  });
  cloud.proxy.clear();
  const dry = await told(cloud, "group", "delete", file, "--force", "--dry-run");
  expect(dry.stdout).toContain("route53:ChangeResourceRecordSets");
  expect(await records(zone)).toEqual([...left, foreign].sort());

  const gone = await told(cloud, "group", "delete", file, "--force");
  expect(gone.stdout + gone.stderr).toContain("the DNS records of its instances");
  expect(await records(zone)).toEqual([foreign]);
  expect((await told(cloud, "group", "delete", file, "--force")).changes).toEqual([]);
});
