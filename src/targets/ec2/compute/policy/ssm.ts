import type { Fleet } from "../../../../understand/fleet.js";
import { tagKey } from "../names.js";
import { arnIn, type PolicyPlace, type Statement } from "./policy.js";

/**
 * Only the permissions that the SSM agent needs for Run Command and Session Manager. With AmazonSSMManagedInstanceCore, hosts could read all
 * parameters of the account. https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
export function agentStatements({ launch }: Fleet): Statement[] {
  if (!launch.ec2.ssm_agent) return [];
  const channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"];
  const messages = [
    "AcknowledgeMessage",
    "DeleteMessage",
    "FailMessage",
    "GetEndpoint",
    "GetMessages",
    "SendReply",
  ];
  return [
    {
      Sid: "ServeRunCommand",
      Effect: "Allow",
      Action: [
        "ssm:UpdateInstanceInformation",
        ...channels.map((action) => `ssmmessages:${action}`),
        // agents before 3.3
        ...messages.map((action) => `ec2messages:${action}`),
      ],
      Resource: ["*"],
    },
  ];
}

/** For Run Command on the fleet's instances, as root, and for ssh through Session Manager, which needs a login on the instance. */
export function runCommandStatements({ name, launch }: Fleet, place: PolicyPlace): Statement[] {
  if (!launch.ec2.ssm_agent) return [];
  const document = (title: string) => arnIn({ ...place, account: "*" }, "ssm", `document/${title}`);
  return [
    {
      Sid: "RunOnTheFleet",
      Effect: "Allow",
      Action: ["ssm:SendCommand", "ssm:StartSession"],
      Resource: [arnIn(place, "ec2", "instance/*")],
      Condition: { StringEquals: { [`ssm:resourceTag/${tagKey.fleet}`]: name } },
    },
    {
      Sid: "RunShellScripts",
      Effect: "Allow",
      Action: ["ssm:SendCommand"],
      Resource: [document("AWS-RunShellScript")],
    },
    {
      Sid: "StartSshSessions",
      Effect: "Allow",
      Action: ["ssm:StartSession"],
      Resource: [document("AWS-StartSSHSession")],
    },
    {
      Sid: "SeeCommands",
      Effect: "Allow",
      Action: ["ssm:CancelCommand", "ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation"],
      Resource: ["*"],
    },
  ];
}
