import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AllocateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bases, Cloud, secret } from "../support/cloud/cloud.js";
import { listParam } from "../support/cloud/aws-request.js";
import type { Answer } from "../support/cloud/fault-proxy.js";
import { printedCalls, told } from "../support/cloud/told.js";

let cloud: Cloud;
let file: string;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  file = await fleet();
});
afterAll(() => cloud?.stop());

async function fleet(parts: Record<string, unknown> = {}): Promise<string> {
  const subnets = (await cloud.subnets()).map(({ id }) => id);
  return cloud.fleet({
    launch: {
      ec2: {
        instance_type: "t3.medium",
        subnets,
        ami: bases.newest.ami_id,
        create_security_group: true,
      },
    },
    ...parts,
  });
}

/** With --now, calls are cut off: there is no host that could drain. */
const run = (verb: string, ...more: string[]) =>
  told(cloud, verb, file, "sipproxy0", "--target", "ec2", ...more, ...(verb === "launch" ? [] : ["--now"]));
const launch = (...more: string[]) => run("launch", "--no-wait", ...more);

async function instances() {
  const { Reservations = [] } = await cloud.ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State }) => State?.Name !== "terminated",
  );
}

const addresses = async () => (await cloud.ec2.send(new DescribeAddressesCommand({}))).Addresses ?? [];

/** Adds client tokens, which moto ignores: a repeated call with the same token creates nothing, and gets the same answer. */
function honourClientTokens(): void {
  const answers = new Map<unknown, Promise<Answer>>();
  cloud.proxy.standIns.set("RunInstances", ({ params }, forward) => {
    const token = params["ClientToken"];
    const answer = answers.get(token) ?? forward();
    answers.set(token, answer);
    return answer;
  });
}

const made = [
  "ec2:CreateSecurityGroup",
  "ec2:AuthorizeSecurityGroupIngress",
  "ec2:RunInstances",
  "ec2:AllocateAddress",
  "ec2:AssociateAddress",
];

/** The host's console in EC2's form. */
function consoleSays(...lines: string[]): void {
  const output = Buffer.from(lines.map((line) => `[   12.3] sip-proxy: ${line}\r\n`).join("")).toString(
    "base64",
  );
  cloud.proxy.standIns.set("GetConsoleOutput", () => ({
    body: `<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>`,
  }));
}

test("a host's life: launch, list, stop, launch again, terminate; each twice, each dry first", async () => {
  const dry = await launch("--dry-run");
  expect([dry.code, dry.changes, printedCalls(dry.stdout)]).toEqual([0, [], made]);
  expect((await launch()).changes).toEqual(made);
  expect(await launch()).toMatchObject({ code: 0, changes: [] });
  expect(await instances()).toHaveLength(1);
  const [address] = await addresses();
  const [listed] = await cloud.json<Record<string, string>[]>("list", file, "--target", "ec2");
  expect(listed).toMatchObject({
    name: "sipproxy0",
    state: "running",
    private: "172.31.0.10",
    public: address?.PublicIp,
    image: bases.newest.ami_id,
  });
  const dns = await cloud.ok("dns", file, "--target", "ec2", "--domain", "sip.example.com");
  expect(dns.stdout).toMatch(new RegExp(`sipproxy0.sip.example.com. +60 IN A +${address?.PublicIp}\n`));

  for (const [verb, calls, words] of [
    ["stop", ["ec2:StopInstances"], "is already stopped"],
    ["launch", ["ec2:StartInstances"], "already running"],
    ["terminate", ["ec2:TerminateInstances"], "is kept"],
  ] as const) {
    const more = verb === "launch" ? ["--no-wait"] : [];
    const first = await run(verb, ...more, "--dry-run");
    expect([first.changes, printedCalls(first.stdout)]).toEqual([[], calls]);
    expect((await run(verb, ...more)).changes).toEqual(calls);
    expect(await run(verb, ...more)).toMatchObject({
      code: 0,
      changes: [],
      stderr: expect.stringContaining(words) as string,
    });
  }
  expect(await addresses()).toHaveLength(1);
  expect((await run("terminate", "--release")).changes).toEqual([
    "ec2:ReleaseAddress",
    "ec2:DeleteSecurityGroup",
  ]);
  expect(await run("terminate", "--release")).toMatchObject({ code: 0, changes: [] });
  expect(await addresses()).toEqual([]);
});

test("an address that somebody has marked to be used is used, and never given back", async () => {
  const tags = { "sip-proxy:fleet": "test", "sip-proxy:host": "sipproxy0" };
  await cloud.ec2.send(
    new AllocateAddressCommand({
      TagSpecifications: [
        { ResourceType: "elastic-ip", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      ],
    }),
  );
  expect((await launch()).changes).not.toContain("ec2:AllocateAddress");
  expect(await run("terminate", "--release")).toMatchObject({
    code: 0,
    changes: ["ec2:TerminateInstances", "ec2:DeleteSecurityGroup"],
    stderr: expect.stringContaining(
      "is kept, because launch did not allocate it or the fleet file contains it",
    ) as string,
  });
  expect(await addresses()).toHaveLength(1);
});

test("an instance that is protected from termination is named and left", async () => {
  await launch();
  const [instance] = await instances();
  const InstanceId = instance?.InstanceId ?? "";
  await cloud.ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: true } }),
  );
  expect(await run("terminate", "--release")).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(
      new RegExp(`instance ${InstanceId} is protected[^]*--no-disable-api-termination`),
    ) as string,
  });
});

test("what is sent: SIP and RTP from the trusted networks only, IMDSv2, encrypted disk, tags", async () => {
  await launch();
  const params = cloud.proxy.calls("RunInstances")[0]?.params ?? {};
  expect(params).toMatchObject({
    "MetadataOptions.HttpTokens": "required",
    "BlockDeviceMapping.1.Ebs.Encrypted": "true",
    "NetworkInterface.1.PrivateIpAddress": "172.31.0.10",
  });
  const tags = Object.values(params);
  expect(tags).toContain("sip-proxy:fleet");
  const rules = cloud.proxy.calls("AuthorizeSecurityGroupIngress")[0]?.params ?? {};
  const networks = Object.entries(rules).filter(([key]) => key.endsWith("CidrIp"));
  expect(new Set(networks.map(([, network]) => network))).toEqual(new Set(["203.0.113.0/24", "10.0.0.2/31"]));
  expect(listParam(params, "NetworkInterface.1.SecurityGroupId")).toHaveLength(1);
});

test("it waits for the host's own word, or fails with the end of its console", async () => {
  consoleSays("configure: done", "ready: takes calls at 198.51.100.1:5080");
  expect(await run("launch")).toMatchObject({ code: 0 });
  consoleSays("selftest: not ready: no recorder has answered OPTIONS yet, of 2 in the list");
  const { code, stderr } = await run("launch", "--timeout", "0.2");
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /is not ready after 0.2 s\nlast status: selftest: not ready: no recorder has answered/,
    ),
  ]);
});

test("a changed fleet file is not silently ignored by a host that runs", async () => {
  await launch();
  file = await fleet({ settings: { trusted: ["203.0.113.0/24"], sip_udp_port: 5062 } });
  expect(await launch()).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringContaining("with different user-data") as string,
  });
});

describe("trouble at the endpoint", () => {
  test.each(["throttled", "internal error", "reset", "silence", "answer lost"] as const)(
    "with '%s' once at every call there is one host and one address",
    async (trouble) => {
      honourClientTokens();
      for (const call of made) cloud.proxy.trouble(call.slice(4), trouble);
      const { code, stderr } = await launch();
      expect([code, stderr]).toEqual([0, expect.stringMatching(/launched i-/)]);
      const tokens = cloud.proxy.calls("RunInstances").map(({ params }) => params["ClientToken"]);
      expect([tokens.length, new Set(tokens).size]).toEqual([2, 1]);
      expect(await instances()).toHaveLength(1);
      expect(await addresses()).toHaveLength(1);
    },
  );

  test("a failure half-way names what is left, and the same command goes on with it", async () => {
    cloud.proxy.trouble("AllocateAddress", {
      code: "AddressLimitExceeded",
      message: "The maximum was reached",
    });
    const failed = await launch();
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringMatching(
        /EC2 AllocateAddress: AddressLimitExceeded: [^]*still there[^]*security group sg-[^]*instance i-[^]*hint: request a higher quota/,
      ),
    ]);
    expect((await launch()).changes).toEqual(["ec2:AllocateAddress", "ec2:AssociateAddress"]);
  });
});

test("user-data over 16,384 bytes is refused before any call to AWS; its ledger can be printed", async () => {
  const noise = (index: number) =>
    Array.from({ length: 16 }, (_, k) =>
      (((index * 7919 + k * 104729) ** 2 + 1) % 2176782336).toString(36),
    ).join("");
  const recorders = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [
      `recorder${index}`,
      {
        private_ip_address: `10.${1 + (index >> 8)}.${index & 255}.7`,
        siprec_attrs: `site=${noise(index)}`.slice(0, 120),
      },
    ]),
  );
  file = await fleet({ recorders });
  const { code, stderr } = await launch();
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/makes user-data larger than 16384 bytes .* it has \d{5}/),
  ]);
  expect(cloud.proxy.requests).toEqual([]);
  const { stdout } = await cloud.cli("user-data", file, "sipproxy0", "--size");
  expect(stdout).toMatch(/dispatcher-seed\.sql/);
});

test("the secret is in the user-data alone: not in what is printed, in the tags, or in other calls", async () => {
  const hidden = join(cloud.folder, "password");
  await writeFile(hidden, secret);
  file = await fleet({ database: { dbhost: "database.example.com", dbpass_kam: `\${file:${hidden}}` } });
  const outputs = [await launch("--dry-run", "--verbose"), await launch("--verbose"), await run("stop")];
  for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(secret);
  await launch();
  for (const { params } of cloud.proxy.requests) expect(JSON.stringify(params)).not.toContain(secret);
});
