import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AllocateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DisassociateAddressCommand,
  ModifyInstanceAttributeCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { makeProfile } from "../support/cloud/instance-profile.js";
import { PlayedRunCommand } from "../support/cloud/played-run-command.js";
import { told } from "../support/cloud/told.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";

// Single instances, replaced one after the other. They are asked through SSM, whose endpoint runs the scripts with a folder of each
// instance as /run and /var/lib, and they tell on their consoles that they are ready.

useCloud();

let ssm: PlayedRunCommand;
/** Instances of these AMIs do not become ready. */
let rotten: Set<string>;
/** An Elastic IP of the user's own. */
let own: string;

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

beforeEach(async () => {
  await makeProfile(cloud, "host");
  rotten = new Set();
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
    const words = rotten.has(image) ? "not ready: no recorder answers" : "ready: 2 recorders";
    const output = Buffer.from(`sip-proxy: ${words}\r\n`).toString("base64");
    return { body: `<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>` };
  });
  cloud.proxy.standIns.set("TerminateInstances", async ({ params }, forward) => {
    const answer = await forward();
    if (params["DryRun"] !== "true") await freeAddresses(String(params["InstanceId.1"]));
    return answer;
  });
  own = (await cloud.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }))).PublicIp ?? "";
  await cloud.ok("launch", await fleet("old"), "sipproxy0", "sipproxy1", "--target", "ec2");
});
afterEach(() => ssm.stop());

const folderOf = (name: string) => join(cloud.folder, name);

const launched = { instance_type: "t3.medium", iam_instance_profile: "host", ssm_agent: true };

/** As EC2 does when an instance ends; moto leaves them with it. */
async function freeAddresses(id: string): Promise<void> {
  const { Addresses = [] } = await cloud.ec2.send(new DescribeAddressesCommand({}));
  for (const { AssociationId, InstanceId } of Addresses)
    if (InstanceId === id) await cloud.ec2.send(new DisassociateAddressCommand({ AssociationId }));
}

let files = 0;
const fleet = (base: keyof typeof bases, parts: object = {}, ec2: object = {}) =>
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

/** What was made and ended, without the commands that were sent to hosts, and without launches that EC2 was only asked about. */
async function roll(file: string, verb = "roll", ...more: string[]) {
  const { code, stderr } = await told(cloud, "fleet", verb, file, ...more, "--target", "ec2");
  const { requests } = cloud.proxy;
  const changes = requests
    .filter(
      ({ action, params }) =>
        /^(Put|Run|Terminate|Associate|Release|Create|Delete)/.test(action) && params["DryRun"] !== "true",
    )
    .map(({ action }) => action);
  return { code, stderr, changes };
}

/** Those that are there, with their Elastic IPs, by their hosts. */
async function instances() {
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

const replaced = ["TerminateInstances", "RunInstances", "AssociateAddress"];

test("hosts are drained and replaced one after the other, with their addresses; not twice; and back", async () => {
  const before = await instances();
  const [first, second] = before;
  mkdirSync(folderOf(second?.id ?? ""));
  writeFileSync(join(folderOf(second?.id ?? ""), "calls"), "3");
  const file = await fleet("newest");
  const dry = await roll(file, "roll", "--dry-run");
  expect([dry.code, dry.changes, dry.stderr]).toEqual([
    0,
    [],
    expect.stringContaining("would drain and replace, one after the other: sipproxy0, sipproxy1"),
  ]);
  expect((await roll(file, "status")).code).toBe(1);

  const rolled = await roll(file);
  expect([rolled.code, rolled.changes]).toEqual([0, ["PutParameter", ...replaced, ...replaced]]);
  // each took no more calls when it was ended, and had none
  for (const { id } of before) expect(existsSync(join(folderOf(id), "lib/sip-proxy/draining"))).toBe(true);
  expect(rolled.stderr).toContain("calls left: sipproxy1 ");
  const after = await instances();
  expect(after.map(({ host, address }) => [host, address])).toEqual([
    ["sipproxy0", own],
    ["sipproxy1", second?.address],
  ]);
  expect(after.every(({ image }) => image === bases.newest.ami_id)).toBe(true);
  expect(after.map(({ id }) => id)).not.toContain(first?.id);

  expect(await roll(file)).toMatchObject({ code: 0, changes: [] });
  const status = await cloud.json<object[]>("fleet", "status", file, "--target", "ec2");
  expect(status).toMatchObject([
    { host: "sipproxy0", state: "running", current: true, ready: true, image: bases.newest.ami_id },
    { host: "sipproxy1", state: "running", current: true, ready: true },
  ]);
  const back = await roll(file, "rollback", "sipproxy0");
  expect([back.code, back.changes]).toEqual([0, replaced]);
  expect((await instances()).map(({ image }) => image)).toEqual([bases.old.ami_id, bases.newest.ami_id]);
  // another type is a reason too
  const larger = await fleet("newest", {}, { instance_type: "t3.large" });
  expect((await roll(larger, "roll", "--dry-run")).stderr).toContain("sipproxy0, sipproxy1");
});

test("it does not begin without another host that takes calls, and stops at the first that is not ready; then it goes on", async () => {
  const [first, second] = await instances();
  const draining = join(folderOf(second?.id ?? ""), "lib/sip-proxy/draining");
  mkdirSync(join(folderOf(second?.id ?? ""), "lib/sip-proxy"), { recursive: true });
  writeFileSync(draining, "now");
  const file = await fleet("newest");
  const refused = await roll(file, "roll", "--timeout", "1");
  expect([refused.code, refused.changes, refused.stderr]).toEqual([
    1,
    ["PutParameter"],
    expect.stringContaining("sipproxy0 is not drained: no other host takes calls"),
  ]);
  expect(existsSync(join(folderOf(first?.id ?? ""), "lib/sip-proxy/draining"))).toBe(false);
  rmSync(draining);

  rotten.add(bases.newest.ami_id);
  for (const calls of [replaced, []]) {
    const stopped = await roll(file, "roll", "--timeout", "3");
    expect([stopped.code, stopped.changes, stopped.stderr]).toEqual([
      1,
      calls,
      expect.stringMatching(
        /the roll stops at sipproxy0, which is not ready; as they were: sipproxy1[^]*last status: not ready: no recorder/,
      ),
    ]);
  }
  expect((await instances()).map(({ image }) => image)).toEqual([bases.newest.ami_id, bases.old.ami_id]);
  rotten.clear();
  expect((await roll(file)).changes).toEqual(replaced);
});

test("a host that a roll which was cut off has left without its Elastic IP is given it before the next one is drained", async () => {
  const file = await fleet("newest");
  cloud.proxy.trouble("AssociateAddress", { code: "InvalidInstanceID" });
  const cut = await roll(file);
  expect([cut.code, cut.changes]).toEqual([1, ["PutParameter", ...replaced]]);
  expect((await instances()).map(({ address }) => address)).toEqual([undefined, expect.any(String)]);
  const again = await roll(file);
  expect([again.code, again.changes]).toEqual([0, ["AssociateAddress", ...replaced]]);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
});

test("a host that a roll which was cut off has ended is launched again, without a drain", async () => {
  const [first] = await instances();
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first?.id ?? ""] }));
  await freeAddresses(first?.id ?? "");
  const file = await fleet("newest");
  const rolled = await roll(file, "roll", "sipproxy0");
  expect([rolled.code, rolled.changes]).toEqual([0, ["PutParameter", "RunInstances", "AssociateAddress"]]);
  expect((await instances())[0]).toMatchObject({ host: "sipproxy0", address: own });
});

test("what would stop it half-way is found before a host is drained; a group's instances are left to their own roll", async () => {
  const [, second] = await instances();
  const InstanceId = second?.id ?? "";
  const protect = (Value: boolean) =>
    cloud.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value } }));
  await protect(true);
  const file = await fleet("newest");
  const refused = async (words: RegExp, other = file) =>
    expect(await roll(other)).toMatchObject({
      code: 1,
      changes: [],
      stderr: expect.stringMatching(words) as string,
    });
  await refused(new RegExp(`instance ${InstanceId} is protected`));
  await protect(false);
  await refused(
    /no subnet contains 172\.31\.0\.10/,
    await fleet("newest", {}, { subnets: subnets.slice(1) }),
  );
  await refused(/instance profile/i, await fleet("newest", {}, { iam_instance_profile: "nobody" }));
  ssm.pings = (id) => (id === InstanceId ? undefined : "Online");
  const silent = await roll(file, "roll", "--timeout", "1");
  expect([silent.code, silent.changes, silent.stderr]).toEqual([
    1,
    ["PutParameter"],
    expect.stringContaining("sipproxy0 is not drained: sipproxy1 is not ready"),
  ]);

  const grouped = await fleet("newest", { group: { name: "proxies", subnets, min: 1 } });
  expect(await roll(grouped, "roll", "proxies")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/proxies is a group, not a host\nhint: sip-proxy group roll/) as string,
  });
  expect((await roll(grouped, "roll", "--dry-run")).stderr).toContain(
    "instances of the group proxies are left as they are",
  );
});
