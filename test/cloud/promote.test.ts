import { CreateTagsCommand } from "@aws-sdk/client-ec2";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { nextContents } from "../support/cloud/contents.js";
import { bakeMark, makeAmi } from "../support/cloud/fleet-ami.js";
import { told } from "../support/cloud/told.js";
import { cloud, useCloud } from "../support/cloud/use-cloud.js";

useCloud();

const fleet = (ec2: object = {}) =>
  cloud.fleet({ image: { media_relay: "rtpengine", targets: { ec2: { region: "eu-west-1", ...ec2 } } } });

const finished = { ...bakeMark(), "sip-proxy:kamailio": "6.0.1" };

/** The next reads of a parameter return this value, before they return the real one. */
function readsAs(value: string, times: number): void {
  cloud.proxy.standIns.set("GetParameter", (_, forward) =>
    times-- > 0
      ? {
          body: JSON.stringify({ Parameter: { Name: "/sip-proxy/test/ami", Value: value, Version: 1 } }),
          type: "application/x-amz-json-1.1",
        }
      : forward(),
  );
}

test("promoted is what the parameter reads: SSM looks at it after its answer, and may refuse it", async () => {
  const file = await fleet();
  const [old, next] = [await makeAmi(cloud, finished), await makeAmi(cloud, finished)];
  await cloud.ok("image", "promote", file, old.id);
  readsAs(old.id, 5);
  const late = await told(cloud, "image", "promote", file, next.id);
  expect([late.code, late.stderr]).toEqual([0, expect.stringContaining(`${next.id} is promoted`)]);
  expect(cloud.proxy.calls("GetParameter")).toHaveLength(6);

  readsAs(next.id, Infinity);
  expect(await told(cloud, "image", "promote", file, old.id)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`${old.id} is not promoted in eu-west-1: .* contains ${next.id}`),
    ) as string,
  });
});

test("a parameter that holds something else is left as it is; one with an AMI of the fleet is the fleet's", async () => {
  const file = await fleet({ ami_parameter: "/voice/setting" });
  const { id } = await makeAmi(cloud, finished);
  const put = (Value: string) =>
    cloud.ssm.send(
      new PutParameterCommand({ Name: "/voice/setting", Value, Type: "String", Overwrite: true }),
    );
  for (const foreign of ["hello", bases.newest.ami_id]) {
    await put(foreign);
    expect(await told(cloud, "image", "promote", file)).toMatchObject({
      code: 1,
      changes: [],
      stderr: expect.stringContaining(`holds ${foreign}, which is not an AMI of the fleet test`) as string,
    });
  }
  await put(id);
  expect(await told(cloud, "image", "promote", file)).toMatchObject({ code: 0, changes: [] });
});

test("of several regions each that stays behind is named; run again, it goes on; one taken out of the file is still seen", async () => {
  const both = await fleet({ ami_regions: ["us-east-1"] });
  await nextContents(cloud.env);
  const { amis } = await cloud.json<{ amis: Record<string, string> }>("bake", both, "--target", "ec2");
  const [home = "", copy = ""] = [amis["eu-west-1"], amis["us-east-1"]];
  // the call for the second region fails
  cloud.proxy.trouble("PutParameter", { code: "ParameterLimitExceeded" }, { after: 1 });
  const half = await told(cloud, "image", "promote", both);
  expect([half.code, half.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`ParameterLimitExceeded[^]*eu-west-1: ${home} is promoted\\nus-east-1: still has nothing`),
    ),
  ]);
  const again = await told(cloud, "image", "promote", both);
  expect([again.code, again.changes]).toEqual([0, ["ssm:PutParameter"]]);

  const without = await fleet({ ami_regions: ["us-west-2"] });
  const behind = await told(cloud, "image", "promote", without, home);
  expect([behind.code, behind.stderr]).toEqual([
    0,
    expect.stringContaining("us-west-2: this image has no copy there; no image stays promoted"),
  ]);
  const seen = async (...more: string[]) =>
    (
      await cloud.json<{ id: string; notes: string }[]>("image", "list", without, "--target", "ec2", ...more)
    ).find(({ id }) => id === copy)?.notes;
  const note = "promoted, us-east-1 is not a region of the fleet file";
  expect(await seen()).toBe(note);
  const prune = ["image", "prune", without, "--target", "ec2", "--keep", "1"];
  expect((await told(cloud, ...prune)).stdout).toMatch(
    new RegExp(`us-east-1\\n  keep    ${copy} .*; promoted`),
  );
  // without the tag of its regions (earlier releases), the image is found only in the region that the user names
  await cloud.ec2.send(
    new CreateTagsCommand({ Resources: [home], Tags: [{ Key: "sip-proxy:regions", Value: "" }] }),
  );
  expect(await seen()).toBeUndefined();
  expect(await seen("--region", "us-east-1")).toBe(note);
  // the region is not accessible any more
  cloud.proxy.standIns.set("DescribeImages", (request, forward) =>
    request.region === "us-east-1"
      ? {
          status: 401,
          body: "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>",
        }
      : forward(),
  );
  const { code, stderr } = await told(cloud, "image", "list", without, "--region", "us-east-1");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/us-east-1 is not a region of the fleet file; skipped: .*AuthFailure/),
  ]);
});
