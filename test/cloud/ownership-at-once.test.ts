import {
  EnterStandbyCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { describe, expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { errorAnswer } from "../support/cloud/fault-proxy.js";
import { fleet, makeTemplate, name, refused, theGroup } from "../support/cloud/group-owners.js";
import { cloud, useCloud } from "../support/cloud/use-cloud.js";
import { told } from "../support/cloud/told.js";

useCloud();

describe("two applies at once", () => {
  /** Runs the other apply between the first one's plan and its call, or right after the call. */
  function meanwhile(action: string, when: "before" | "after", other: () => Promise<unknown>): void {
    const play = cloud.proxy.standIns.get(action);
    cloud.proxy.standIns.set(action, async (call, forward) => {
      if (when === "before") await other();
      const answer = play ? await play(call, forward) : await forward();
      if (when === "after") await other();
      return answer;
    });
  }

  const mark = { Key: "sip-proxy:fleet", Value: "eu-west" };

  test("a template that the other has made first stays, and the loser says so", async () => {
    meanwhile("CreateLaunchTemplate", "before", () => makeTemplate([mark]));
    expect(await told(cloud, "group", "apply", await fleet())).toMatchObject({
      code: 1,
      changes: ["ec2:CreateLaunchTemplate"],
      stderr: expect.stringMatching(
        /another process created this resource at the same time[^]*another apply/,
      ) as string,
    });
  });

  test("so does a group; moto lets a second one of the same name replace it, AWS refuses", async () => {
    cloud.proxy.standIns.set("CreateAutoScalingGroup", ({ service }) =>
      errorAnswer(service, "AlreadyExists", "AutoScalingGroup by this name already exists"),
    );
    expect(await told(cloud, "group", "apply", await fleet())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /another process created this resource at the same time[^]*another apply/,
      ) as string,
    });
  });

  test("of two changes of a group the last one wins, and the other one says so", async () => {
    await cloud.ok("group", "apply", await fleet());
    meanwhile("UpdateAutoScalingGroup", "after", () =>
      cloud.autoscaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MaxSize: 6 })),
    );
    expect(await told(cloud, "group", "apply", await fleet({ group: { max: 5 } }))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `another process changed the group at the same time: autoscaling group ${name}`,
      ) as string,
    });
    expect((await theGroup())?.MaxSize).toBe(6);
  });
});

describe("a group that cannot be deleted keeps its instances", () => {
  /** Adds XML to the answers about groups, for fields that moto does not have. */
  function answered(inner: string): void {
    const complete = cloud.proxy.standIns.get("DescribeAutoScalingGroups");
    cloud.proxy.standIns.set("DescribeAutoScalingGroups", async (call, forward) => {
      const answer = complete ? await complete(call, forward) : await forward();
      return {
        ...answer,
        body: answer.body.replaceAll("<AutoScalingGroupName>", `${inner}<AutoScalingGroupName>`),
      };
    });
  }

  test.each([
    ["prevent-all-deletion", [["delete"], ["delete", "--force"], ["delete", "--dry-run"]]],
    ["prevent-force-deletion", [["delete", "--force"]]],
  ])("protected by %s", async (protection, refusing) => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    answered(`<DeletionProtection>${protection}</DeletionProtection>`);
    await refused(
      file,
      new RegExp(`its deletion protection is ${protection}[^]*--deletion-protection none`),
      refusing,
    );
    expect((await theGroup())?.Instances).toHaveLength(2);
  });

  test("an instance protected from scale-in would be waited for without end", async () => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    const [instance] = (await theGroup())?.Instances ?? [];
    await cloud.autoscaling.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: name,
        InstanceIds: [instance?.InstanceId ?? ""],
        ProtectedFromScaleIn: true,
      }),
    );
    await refused(file, new RegExp(`protected from scale-in: ${instance?.InstanceId}`), [["delete"]]);
    expect(await told(cloud, "group", "delete", file, "--force")).toMatchObject({ code: 0 });
  });

  test("a suspended process would never end them", async () => {
    const file = await fleet();
    await cloud.ok("group", "apply", file);
    await cloud.autoscaling.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: ["Terminate"] }),
    );
    await refused(file, /its process Terminate is suspended/, [["delete"]]);
  });
});

describe("a roll and instances that somebody has set aside", () => {
  /** A group of four with a second template version; one instance is in Standby, one has scale-in protection. */
  async function setAside(): Promise<{ file: string; standby: string; shielded: string }> {
    await cloud.ok("group", "apply", await fleet({ group: { min: 4 } }));
    const [standby = "", shielded = ""] = (await instances()).map(({ InstanceId }) => InstanceId ?? "");
    const one = (id: string) => ({ AutoScalingGroupName: name, InstanceIds: [id] });
    await cloud.autoscaling.send(
      new EnterStandbyCommand({ ...one(standby), ShouldDecrementDesiredCapacity: false }),
    );
    await cloud.autoscaling.send(
      new SetInstanceProtectionCommand({ ...one(shielded), ProtectedFromScaleIn: true }),
    );
    const file = await fleet({ group: { min: 4 }, ec2: { ami: bases.newest.ami_id } });
    await cloud.ok("group", "apply", file);
    return { file, standby, shielded };
  }

  const instances = async () => (await theGroup())?.Instances ?? [];
  const stillThere = async (...ids: string[]) =>
    (await instances()).filter(({ InstanceId = "" }) => ids.includes(InstanceId)).length;
  const sent = (preference: string) =>
    cloud.proxy.calls("StartInstanceRefresh").at(-1)?.params[`Preferences.${preference}`];

  test("they stay as they are, which is said before and after, and a second roll has nothing to do", async () => {
    const { file, standby, shielded } = await setAside();
    const { code, stderr } = await told(cloud, "group", "roll", file);
    expect([code, sent("StandbyInstances"), sent("ScaleInProtectedInstances")]).toEqual([
      0,
      "Ignore",
      "Ignore",
    ]);
    const before = stderr.slice(0, stderr.indexOf("InProgress"));
    expect(before).toContain(`${standby} is in Standby: it stays at version 1 (--end-standby ends it)`);
    expect(before).toContain(
      `${shielded} is protected from scale-in: it stays at version 1 (--replace-protected replaces it)`,
    );
    expect(stderr).toMatch(/every instance but (i-\w+, i-\w+) runs version 2\n$/);
    expect(await stillThere(standby, shielded)).toBe(2);
    expect(await told(cloud, "group", "roll", file)).toMatchObject({ code: 0, changes: [] });
  });

  test("or they are replaced and ended on purpose", async () => {
    const { file, standby, shielded } = await setAside();
    const roll = ["group", "roll", file, "--replace-protected", "--end-standby"];
    const { code, stderr } = await told(cloud, ...roll);
    expect([code, sent("StandbyInstances"), sent("ScaleInProtectedInstances")]).toEqual([
      0,
      "Terminate",
      "Refresh",
    ]);
    expect(stderr).toContain(`${standby} is in Standby: it is terminated`);
    expect(stderr).toContain(`${shielded} is protected from scale-in: it is replaced`);
    expect(stderr).toMatch(/every instance runs version 2\n$/);
    expect(await stillThere(standby, shielded)).toBe(0);
  });
});

test("bounds that the group's size is outside of change it, and the plan says so", async () => {
  await cloud.ok("group", "apply", await fleet({ group: { min: 3, max: 4 } }));
  const smaller = await fleet({ group: { min: 1, max: 2 } });
  expect((await told(cloud, "group", "plan", smaller)).stdout).toContain("~ DesiredCapacity: 3 -> 2");
  await cloud.ok("group", "apply", smaller);
  expect((await theGroup())?.DesiredCapacity).toBe(2);
  expect((await told(cloud, "group", "plan", smaller)).stdout).toContain("nothing to change");
  const larger = await fleet({ group: { min: 4, max: 6 } });
  expect((await told(cloud, "group", "plan", larger)).stdout).toContain("~ DesiredCapacity: 2 -> 4");
});

test("a group keeps undrained instances and itself where the fleet file says so, and leaves both alone otherwise", async () => {
  const kept = await fleet({
    group: { on_drain_failure: "retain", deletion_protection: "prevent-force-deletion" },
  });
  await cloud.ok("group", "apply", kept);
  const made = cloud.proxy.calls("CreateAutoScalingGroup")[0]?.params ?? {};
  expect([
    made["InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon"],
    made["LifecycleHookSpecificationList.member.2.DefaultResult"],
    made["DeletionProtection"],
  ]).toEqual(["retain", "ABANDON", "prevent-force-deletion"]);
  expect((await told(cloud, "group", "plan", kept)).stdout).toContain("nothing to change");
  // the hook's DefaultResult follows the setting
  expect((await told(cloud, "group", "plan", await fleet())).stdout).toMatch(
    /lifecycle hook sip-proxy-terminate\n +~ DefaultResult: ABANDON -> CONTINUE\n$/,
  );
  const open = await fleet({ group: { on_drain_failure: "terminate", deletion_protection: "none" } });
  const { stdout } = await told(cloud, "group", "plan", open);
  expect(stdout).toContain("TerminateHookAbandon: retain -> terminate");
  expect(stdout).toContain("DeletionProtection: prevent-force-deletion -> none");
});

test("an AMI that does not fit the instance type is refused before anything is made", async () => {
  cloud.proxy.standIns.set("DescribeImages", async (_, forward) => {
    const answer = await forward();
    return { ...answer, body: answer.body.replaceAll(">x86_64<", ">arm64<") };
  });
  expect(await told(cloud, "group", "apply", await fleet())).toMatchObject({
    code: 1,
    changes: [],
    stderr: expect.stringMatching(/ami-\w+ is arm64, but t3\.medium has x86_64 processors/) as string,
  });
});
