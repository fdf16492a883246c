import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { UserError } from "../../../errors.js";
import { awsError } from "./errors.js";

/** The SDK's clients of one region. */
export interface Clients {
  region: string;
  ec2: EC2Client;
  autoscaling: AutoScalingClient;
  ssm: SSMClient;
}

/**
 * Clients for the fleet's region, or the one that the environment or the profile names. Endpoint, profile and credentials are
 * the SDK's own affair. A call is made at most 6 times (AWS_MAX_ATTEMPTS), each time waiting 30 s at most.
 */
export async function awsClients(region: string | undefined): Promise<Clients> {
  const config = { ...(region === undefined ? {} : { region }), ...patience() };
  const ec2 = named(new EC2Client(config));
  return {
    region: await regionOf(ec2),
    ec2,
    autoscaling: named(new AutoScalingClient(config)),
    ssm: named(new SSMClient(config)),
  };
}

function patience() {
  const seconds = Number(process.env["SIP_PROXY_AWS_TIMEOUT"] || 30);
  return {
    ...(process.env["AWS_MAX_ATTEMPTS"] ? {} : { maxAttempts: 6 }),
    requestHandler: {
      connectionTimeout: Math.min(5, seconds) * 1000,
      requestTimeout: seconds * 1000,
      throwOnRequestTimeout: true,
    },
  };
}

async function regionOf(client: EC2Client): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new UserError("no AWS region is given", {
      hint: "set region under image.targets.ec2 or launch.ec2 in the fleet file, or AWS_REGION",
      cause,
    });
  }
}

/** Whatever fails says which call it was. */
function named<C extends EC2Client | AutoScalingClient | SSMClient>(client: C): C {
  const service = client.config.serviceId;
  (client as EC2Client).middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          throw awsError(error, `${service} ${commandName.replace(/Command$/, "")}`);
        }
      },
    { step: "initialize", priority: "high", name: "tellUser" },
  );
  return client;
}
