import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { told } from "../support/cloud/told.js";
import { recordersForSize } from "../support/cloud/user-data-of-size.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";

// EC2's limit of 16,384 bytes, exactly: user-data of this size is used; with one byte more, AWS gets no call.

useCloud();

const ec2 = () => ({
  subnets,
  ami: bases.newest.ami_id,
  create_security_group: true,
  recorder_networks: ["10.1.0.0/16"],
});

/** A fleet file with user-data of this size. */
async function fileOf({ host, parts }: (typeof cases)[number], bytes: number): Promise<string> {
  const small = JSON.parse(readFileSync(await cloud.fleet(parts()), "utf8")) as object;
  const recorders = recordersForSize((given) => JSON.stringify({ ...small, recorders: given }), host, bytes);
  return cloud.fleet({ ...parts(), recorders });
}

const cases = [
  {
    title: "launch",
    host: "sipproxy0",
    parts: () => ({ launch: { ec2: ec2() } }),
    argv: (file: string) => ["launch", file, "sipproxy0", "--target", "ec2", "--no-wait"],
    action: "RunInstances",
    parameter: "UserData",
  },
  {
    title: "group apply",
    host: "proxies",
    parts: () => ({
      group: { name: "proxies", subnets, min: 1, max: 2 },
      launch: { ec2: { ...ec2(), iam_instance_profile: "host" } },
    }),
    argv: (file: string) => ["group", "apply", file],
    action: "CreateLaunchTemplate",
    parameter: "LaunchTemplateData.UserData",
  },
];

test.each(cases)("$title hands over 16,384 bytes", async (one) => {
  const { argv, action, parameter } = one;
  const { code, stderr } = await told(cloud, ...argv(await fileOf(one, 16_384)));
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const sent = cloud.proxy.requests.find((request) => request.action === action);
  expect(Buffer.from(String(sent?.params[parameter]), "base64").length).toBe(16_384);
});

test.each(cases)("$title refuses 16,385 bytes before any call, and names the biggest part", async (one) => {
  const { code, stderr } = await told(cloud, ...one.argv(await fileOf(one, 16_385)));
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /\[\$\.recorders\]:[^]*makes user-data larger than 16384 bytes .* it has 16385 bytes, \d+ of them for \/etc\/sip-proxy\/dispatcher-seed\.sql\n.*hint: shorten names and attributes/,
  );
  expect(cloud.proxy.requests).toEqual([]);
});
