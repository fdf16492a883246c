import {
  AllocateAddressCommand,
  DescribeInstancesCommand,
  DescribeAddressesCommand,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bases, Cloud } from "../support/cloud/cloud.js";
import { told } from "../support/cloud/told.js";

let cloud: Cloud;
let file: string;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  // moto does not support this call
  cloud.proxy.standIns.set("ModifyInstanceMetadataOptions", () => ({
    body: "<ModifyInstanceMetadataOptionsResponse/>",
  }));
  const launch = { ec2: { instance_type: "t3.medium", subnets, ami: bases.newest.ami_id } };
  file = await cloud.fleet({ launch });
  await cloud.ok("launch", file, "sipproxy0", "--target", "ec2", "--no-wait");
});
afterAll(() => cloud?.stop());

const run = (verb: string, ...more: string[]) =>
  told(cloud, verb, file, "sipproxy0", "--target", "ec2", ...more);

async function instance() {
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({}));
  const [found] = Reservations.flatMap(({ Instances = [] }) => Instances);
  const drains = found?.Tags?.find(({ Key }) => Key === "sip-proxy:drain")?.Value;
  return { state: found?.State?.Name, drains };
}

/** The host's console: its answers to the tag, in the form of single-host.sh, with one more line at each query. */
function hostSays(...lines: ((value: string) => string)[]): void {
  let looks = 0;
  cloud.proxy.standIns.set("GetConsoleOutput", async () => {
    const { drains } = await instance();
    const said = [
      "ready: takes calls",
      ...(drains ? lines.slice(0, ++looks).map((line) => line(drains)) : []),
    ];
    const output = Buffer.from(said.map((line) => `sip-proxy: ${line}\r\n`).join("")).toString("base64");
    return { body: `<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>` };
  });
}

const begins = (value: string) => `draining: requested by sip-proxy (${value})`;
const goesOn = () => "calls left: 3";
const ends = (value: string) => `drained: no calls are left (${value})`;

const asked = ["ec2:ModifyInstanceMetadataOptions", "ec2:CreateTags"];

test.each([
  ["stop", ["ec2:StopInstances", "ec2:DeleteTags"], "stopped"],
  ["terminate", ["ec2:TerminateInstances"], "terminated"],
])("%s waits for the last call", async (verb, changes, state) => {
  hostSays(begins, goesOn, ends);
  const done = await run(verb);
  expect(done).toMatchObject({ code: 0, changes: [...asked, ...changes] });
  expect(done.stderr).toMatch(/i-\w+: drained: no calls are left/);
  expect((await instance()).state).toBe(state);
  if (verb === "stop") expect((await instance()).drains).toBeUndefined();
});

test("--now does not, and a dry run tells what would be asked", async () => {
  const dry = await run("stop", "--dry-run");
  expect([dry.changes, dry.stdout]).toEqual([
    [],
    expect.stringMatching(/ec2:CreateTags [^]*sip-proxy:drain[^]*ec2:StopInstances/),
  ]);
  expect(await run("stop", "--now")).toMatchObject({ code: 0, changes: ["ec2:StopInstances"] });
});

test("a host that does not hear keeps its calls, and is asked no more", async () => {
  hostSays();
  const { code, stderr, changes } = await run("terminate");
  expect([code, stderr]).toEqual([1, expect.stringMatching(/has not confirmed the drain[^]*--now/)]);
  expect(changes).toEqual([...asked, "ec2:DeleteTags"]);
  expect(await instance()).toEqual({ state: "running", drains: undefined });
});

test("a drain that was broken off goes on; launch ends it", async () => {
  hostSays(begins, goesOn, ends);
  cloud.proxy.trouble("GetConsoleOutput", { code: "AccessDenied" });
  expect((await run("stop")).code).toBe(1);
  const { drains } = await instance();
  expect(drains).toBeDefined();
  expect((await run("launch", "--no-wait")).changes).toEqual(["ec2:DeleteTags"]);

  cloud.proxy.trouble("GetConsoleOutput", { code: "AccessDenied" });
  await run("stop");
  hostSays(begins, ends);
  expect((await run("stop")).changes).not.toContain("ec2:CreateTags");
});

test("an address of the user's own stays the user's", async () => {
  hostSays(begins, ends);
  const { PublicIp } = await cloud.ec2.send(new AllocateAddressCommand({}));
  file = await cloud.fleet({
    proxies: { sipproxy0: { public_ip_address: PublicIp, private_ip_address: "172.31.0.10" } },
    launch: { ec2: { instance_type: "t3.medium", ami: bases.newest.ami_id } },
  });
  expect((await run("terminate", "--release", "--now")).code).toBe(0);
  const { Addresses = [] } = await cloud.ec2.send(new DescribeAddressesCommand({}));
  expect(Addresses.map((address) => address.PublicIp)).toContain(PublicIp);
});
