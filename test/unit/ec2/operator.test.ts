import { expect, test } from "vitest";
import { instanceRolePolicy } from "../../../src/targets/ec2/compute/policy/instance-role.js";
import { operatorPolicy } from "../../../src/targets/ec2/compute/policy/operator.js";
import { fleetOf } from "../../support/fleets.js";
import { operatorMay } from "../../support/cloud/operator.js";

const place = { region: "eu-west-1", account: "111122223333" };
const image = { targets: { ec2: { region: "eu-west-1", ami_parameter: "/voice/ami" } } };
const fleet = fleetOf({ image, launch: { ec2: { iam_instance_profile: "host" } } });
const { Statement } = operatorPolicy(fleet, place, ["arn:aws:kms:eu-west-1:111122223333:key/k"]);
const statement = (action: string) => Statement.find(({ Action }) => Action.includes(action));

test("what ends or changes something that is there is limited to the fleet's, what publishes to its parameters", () => {
  for (const action of ["ec2:TerminateInstances", "autoscaling:DeleteAutoScalingGroup", "ec2:DisableImage"])
    expect(statement(action)).toMatchObject({
      Condition: { StringEquals: { "aws:ResourceTag/sip-proxy:fleet": "test" } },
    });
  expect(statement("ssm:PutParameter")?.Resource).toEqual([
    "arn:*:ssm:*:111122223333:parameter/sip-proxy/test/*",
    "arn:*:ssm:*:111122223333:parameter/voice/ami",
  ]);
  expect(statement("iam:PassRole")).toMatchObject({
    Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
  });
  expect(statement("kms:CreateGrant")?.Resource).toEqual(["arn:aws:kms:eu-west-1:111122223333:key/k"]);
});

test("nothing else is allowed, and nothing twice", () => {
  for (const action of [
    "ec2:GetPasswordData",
    "iam:CreateRole",
    "ec2:DeleteVpc",
    "secretsmanager:GetSecretValue",
  ])
    expect([action, operatorMay(action)]).toEqual([action, false]);
  const actions = Statement.flatMap(({ Action }) => Action);
  expect(new Set(actions).size).toBe(actions.length);
});

test("commands are run on the fleet's instances alone, and only where the fleet says that they have the agent", () => {
  const withAgent = fleetOf({ image, launch: { ec2: { ssm_agent: true } } });
  const all = operatorPolicy(withAgent, place, []).Statement;
  const sending = (statements: typeof all) =>
    statements.filter(({ Action }) => Action.includes("ssm:SendCommand"));
  expect(sending(Statement)).toEqual([]);
  expect(sending(all)).toMatchObject([
    {
      Resource: ["arn:aws:ec2:eu-west-1:111122223333:instance/*"],
      Condition: { StringEquals: { "ssm:resourceTag/sip-proxy:fleet": "test" } },
    },
    { Resource: ["arn:aws:ssm:eu-west-1:*:document/AWS-RunShellScript"] },
  ]);
  const role = (of: typeof fleet) => JSON.stringify(instanceRolePolicy(of, { ...place, kmsKeys: [] }));
  expect(role(fleet)).not.toContain("ssm:UpdateInstanceInformation");
  expect(role(withAgent)).toContain("ssm:UpdateInstanceInformation");
  // AmazonSSMManagedInstanceCore already allows this for every parameter
  expect(role(withAgent)).not.toContain("ssm:GetParameter");
});

test("keys that the fleet names may be looked at, by their names", () => {
  const named = (kms_key_id: string) =>
    operatorPolicy(fleetOf({ image, launch: { ec2: { kms_key_id } } }), place, []).Statement.find(
      ({ Action }) => Action.includes("kms:GetKeyPolicy"),
    );
  const arn = "arn:aws:kms:eu-west-1:111122223333:key/k";
  expect(named(arn)?.Resource).toEqual([arn]);
  expect(named("1234abcd")?.Resource).toEqual(["arn:*:kms:*:111122223333:key/1234abcd"]);
  expect(named("alias/voice")).toMatchObject({
    Resource: ["arn:*:kms:*:111122223333:key/*"],
    Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": ["alias/voice"] } },
  });
});
