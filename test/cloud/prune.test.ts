import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Cloud } from "../support/cloud/cloud.js";
import { bakeMark, makeAmi } from "../support/cloud/fleet-ami.js";
import { told, type Done } from "../support/cloud/told.js";

let cloud: Cloud;
let file: string;
beforeAll(async () => {
  cloud = await Cloud.start();
});
beforeEach(async () => {
  await cloud.reset();
  file = await cloud.fleet();
});
afterAll(() => cloud?.stop());

const prune = (...options: string[]): Promise<Done> =>
  told(cloud, "image", "prune", file, "--target", "ec2", "--keep", "1", ...options);

/** Baked at this second of a minute; within one second the bakes' ends tell which AMI is the newer. */
const ami = (second: number) =>
  makeAmi(cloud, { ...bakeMark(), "sip-proxy:baked": `2026-11-01T00:00:0${second}.000Z` });

const promoteTo = (Value: string, Name = "/sip-proxy/test/ami") =>
  cloud.ssm.send(new PutParameterCommand({ Name, Value, Type: "String", Overwrite: true }));

test("the promoted AMI and the one before stay, after more promotions than a page of history holds", async () => {
  const [old, before, promoted, newest] = [await ami(1), await ami(2), await ami(3), await ami(4)];
  for (let times = 0; times < 58; times++) await promoteTo(old.id);
  await promoteTo(before.id);
  await promoteTo(promoted.id);
  const { stdout, changes, code } = await prune("--delete");
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`keep +${promoted.id} .*promoted \\(`));
  expect(stdout).toMatch(new RegExp(`keep +${before.id} .*promoted before`));
  expect(stdout).toMatch(new RegExp(`keep +${newest.id} `));
  expect(stdout).toMatch(new RegExp(`delete +${old.id} `));
  expect(changes).toEqual(["ec2:DeregisterImage", "ec2:DeleteSnapshot", "ssm:DeleteParameter"]);
});
