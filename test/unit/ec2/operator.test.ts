import { expect, test } from "vitest";
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
    "ssm:SendCommand",
    "secretsmanager:GetSecretValue",
  ])
    expect([action, operatorMay(action)]).toEqual([action, false]);
  const actions = Statement.flatMap(({ Action }) => Action);
  expect(new Set(actions).size).toBe(actions.length);
});
