import { describe, expect, test } from "vitest";
import { program } from "../../src/cli/program.js";
import { bases, secret } from "../support/cloud/cloud.js";
import {
  fleet,
  makeGroup,
  makeSecurityGroup,
  makeTemplate,
  name,
  refused,
  theGroup,
  verbs,
} from "../support/cloud/group-owners.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";
import { dryCommands } from "../support/cloud/dry-json.js";
import { bakeMark, makeAmi } from "../support/cloud/fleet-ami.js";
import { told } from "../support/cloud/told.js";

useCloud();

describe("what somebody else has made", () => {
  test("a group of the same name without a mark is refused, and adopted on purpose", async () => {
    await makeGroup();
    const file = await fleet();
    await refused(
      file,
      /autoscaling group eu-west-proxies was not created for the fleet eu-west: .*[^]*--adopt/,
    );
    const adopted = await told(cloud, "group", "apply", file, "--adopt");
    expect(adopted).toMatchObject({ code: 0 });
    // the group gets its tag before any change
    expect(adopted.changes.indexOf("autoscaling:CreateOrUpdateTags")).toBeLessThan(
      adopted.changes.indexOf("autoscaling:UpdateAutoScalingGroup"),
    );
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
    expect(await told(cloud, "group", "delete", file, "--force")).toMatchObject({ code: 0 });
    expect(await theGroup()).toBeUndefined();
  });

  test("so is a launch template", async () => {
    await makeTemplate();
    const file = await fleet();
    await refused(
      file,
      /launch template eu-west-proxies \(lt-\w+\) was not created for the fleet/,
      verbs.filter(([verb]) => !verb.startsWith("roll")),
    );
    expect((await told(cloud, "group", "apply", file, "--adopt")).changes).toEqual([
      "ec2:CreateTags",
      "ec2:CreateLaunchTemplateVersion",
      "autoscaling:CreateAutoScalingGroup",
    ]);
    // the template version of this apply
    expect((await theGroup())?.LaunchTemplate?.Version).toBe("2");
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  });

  test("so is a security group, by launch too", async () => {
    await makeSecurityGroup();
    const file = await fleet({ ec2: { create_security_group: true, subnets } });
    const named = /security group sip-proxy-eu-west \(sg-\w+\) was not created for the fleet/;
    await refused(file, named, [["plan"], ["apply"]]);
    expect(await told(cloud, "launch", file, "sipproxy0", "--target", "ec2", "--no-wait")).toMatchObject({
      code: 1,
      changes: [],
      stderr: expect.stringMatching(named) as string,
    });
    expect((await told(cloud, "group", "delete", file, "--release")).changes).toEqual([]);
    expect((await told(cloud, "group", "apply", file, "--adopt")).changes.slice(0, 2)).toEqual([
      "ec2:CreateTags",
      "ec2:AuthorizeSecurityGroupIngress",
    ]);
    expect((await told(cloud, "group", "apply", file)).changes).toEqual([]);
  });

  test.each([
    ["another fleet's", [{ Key: "sip-proxy:fleet", Value: "eu" }], /belongs to the fleet eu;/],
    [
      "a CloudFormation stack's",
      [{ Key: "aws:cloudformation:stack-name", Value: "voice" }],
      /belongs to the CloudFormation stack voice;/,
    ],
  ])("%s group is not even adopted", async (_, tags, named) => {
    await makeGroup(tags);
    await refused(await fleet(), named, [...verbs, ["apply", "--adopt"]]);
  });

  test("two fleets whose names come to the same leave each other alone", async () => {
    const ours = await fleet();
    const theirs = await fleet({ fleet: "eu", group: { name: "west-proxies" } }, "theirs");
    await cloud.ok("group", "apply", ours);
    await refused(theirs, /belongs to the fleet eu-west;/);
    expect((await told(cloud, "group", "apply", ours)).changes).toEqual([]);
  });
});

test("the JSON of every dry run is JSON, has what would be changed, and changes nothing", async () => {
  await makeAmi(cloud, { ...bakeMark("eu-west"), "sip-proxy:kamailio": "6.0.1" });
  // the first template version, as target of a rollback
  const ec2 = { subnets, elastic_ip: false };
  await cloud.ok("group", "apply", await fleet({ ec2: { ...ec2, ami: bases.newest.ami_id } }));
  // no database listens at this port, so its commands fail at once
  const database = { dbhost: "127.0.0.1", dbport: 1, dbpass_kam: secret };
  const file = await fleet({ ec2, database });
  await cloud.ok("group", "apply", file);
  await cloud.ok("group", "roll", file);
  const given = { FLEET: file, NAME: "sipproxy0", RECORDER: "recorder0", STATE: "disabled" };
  const commands = dryCommands(program(), given);
  const without: string[] = [];
  for (const [words, argv] of commands) {
    const { code, stdout, stderr, changes } = await told(cloud, ...argv);
    expect([words, changes]).toEqual([words, []]);
    // a command whose preconditions are missing reports that and prints nothing to stdout
    if (code === 1 && stdout === "") without.push(`${words}: ${stderr}`);
    else expect([words, code, typeof JSON.parse(stdout)]).toEqual([words, 0, "object"]);
  }
  const ofDatabase = /^dispatcher (reload|set-state|drain|undrain)\b[^]*127\.0\.0\.1/;
  const ofImages = /^fleet (roll|rollback) local: [^]*(local image|no previous image)/;
  const ofRolls = /^fleet (roll|rollback) ec2: [^]*(launch\.ec2\.iam_instance_profile|no previous image)/;
  const ofTls = /^tls rotate (local|ec2): [^]*no single host of the fleet gets the certificate/;
  expect(
    without.filter((words) => ![ofDatabase, ofImages, ofRolls, ofTls].some((kind) => kind.test(words))),
  ).toEqual([
    expect.stringMatching(/^launch local: [^]*launch\.local\.bridge|^launch local: [^]*no local image/),
  ]);
  expect(commands.length).toBeGreaterThan(15);
  const apply = ["group", "apply", await fleet({ ec2: { ...ec2, create_security_group: true } })];
  const { changes } = await cloud.json<{ changes: object[] }>(...apply, "--dry-run");
  expect(JSON.stringify(changes)).toContain("ec2:CreateSecurityGroup");
});

test("what release 0.1.0 has made is known without --adopt, and keeps its name", async () => {
  const mark = { Key: "sip-proxy:fleet", Value: "eu-west" };
  // the template had only the fleet's tag
  await makeTemplate([mark]);
  await makeGroup([mark, { Key: "sip-proxy:host", Value: "proxies" }, { Key: "Name", Value: name }]);
  const file = await fleet();
  expect((await told(cloud, "group", "apply", file)).changes).toEqual([
    "ec2:CreateLaunchTemplateVersion",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:PutLifecycleHook",
    "autoscaling:PutLifecycleHook",
  ]);
});
