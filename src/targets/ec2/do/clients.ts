import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import type { KMSClient } from "@aws-sdk/client-kms";
import { Route53Client } from "@aws-sdk/client-route-53";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SSMClient } from "@aws-sdk/client-ssm";
import { buffer } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { ProxyAgent } from "proxy-agent";
import { UserError } from "../../../errors.js";
import { refuseEmpty, refuseNoAnswer, type RawAnswer } from "./answers.js";
import { awsError } from "./errors.js";

/** The SDK's clients of one region. */
export interface Clients {
  region: string;
  ec2: EC2Client;
  autoscaling: AutoScalingClient;
  cloudwatch: CloudWatchClient;
  route53: Route53Client;
  ssm: SSMClient;
  /** Opens a client of another service. Only the commands that need it load it. */
  open: <C extends Client>(Type: new (config: ClientConfig) => C) => C;
}

/** The configuration of all clients. */
type ClientConfig = { region?: string } & ReturnType<typeof patience>;

/**
 * Clients for the fleet's region, or the region of the environment or profile. The SDK handles endpoint, profile and
 * credentials. A call is tried at most 6 times (AWS_MAX_ATTEMPTS), each time for at most 30 s.
 */
export async function awsClients(region: string | undefined, tell: (line: string) => void): Promise<Clients> {
  // the warning is about later releases of the SDK; this package states its own requirement for Node
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const config: ClientConfig = { ...(region === undefined ? {} : { region }), ...patience() };
  const ec2 = named(new EC2Client(config), tell);
  return {
    region: await regionOf(ec2),
    ec2,
    autoscaling: named(new AutoScalingClient(config), tell),
    cloudwatch: named(new CloudWatchClient(config), tell),
    route53: named(new Route53Client(config), tell),
    ssm: named(new SSMClient(config), tell),
    open: (Type) => named(new Type(config), tell),
  };
}

/** Timeout of one attempt, in seconds. */
const timeout = (): number => Number(process.env["SIP_PROXY_AWS_TIMEOUT"] || 30);

/** Milliseconds without an answer after which a message is printed. */
const silence = (): number => (timeout() * 1000) / 3;

function patience() {
  const seconds = timeout();
  return {
    ...(process.env["AWS_MAX_ATTEMPTS"] ? {} : { maxAttempts: 6 }),
    requestHandler: {
      connectionTimeout: Math.min(5, seconds) * 1000,
      requestTimeout: seconds * 1000,
      throwOnRequestTimeout: true,
      ...proxies(),
    },
  };
}

/** Support for HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or lower case, as in other tools. The SDK does not support them. */
function proxies() {
  if (!Object.keys(process.env).some((name) => /^(https?|all)_proxy$/i.test(name))) return {};
  const agent = new ProxyAgent({ keepAlive: true });
  return { httpAgent: agent, httpsAgent: agent };
}

async function regionOf(client: EC2Client): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new UserError("no AWS region is set", {
      hint: "set region under image.targets.ec2 or launch.ec2 in the fleet file, or AWS_REGION",
      cause,
    });
  }
}

type Client =
  | EC2Client
  | AutoScalingClient
  | CloudWatchClient
  | KMSClient
  | Route53Client
  | ServiceQuotasClient
  | SSMClient;

/** Data that the middlewares of one call share. */
interface CallContext {
  commandName?: string;
  /** The host of the last attempt. */
  host?: string;
}

/** Makes errors name the call and the host, and reports a silent endpoint during the wait. */
function named<C extends Client>(client: C, tell: (line: string) => void): C {
  const { middlewareStack } = client as EC2Client;
  const whatOf = ({ commandName = "" }: CallContext) =>
    `${client.config.serviceId} ${commandName.replace(/Command$/, "")}`;
  middlewareStack.add(
    (next, context: CallContext) => async (args) => {
      const what = whatOf(context);
      const silent = setTimeout(
        () => tell(`${context.host ?? "the endpoint"} has not answered ${what} yet; retrying`),
        silence(),
      );
      try {
        const result = await next(args);
        refuseEmpty(what.split(" ").at(-1) ?? "", result.output, what, context.host ?? "");
        return result;
      } catch (error) {
        throw awsError(error, what, context.host);
      } finally {
        clearTimeout(silent);
      }
    },
    { step: "initialize", priority: "high", name: "tellUser" },
  );
  // runs on the raw answer, before the SDK parses it
  middlewareStack.add(
    (next, context: CallContext) => async (args) => {
      context.host = (args.request as { hostname?: string }).hostname ?? "";
      const result = await next(args);
      const response = result.response as RawAnswer;
      if (response.statusCode !== 200) return result;
      const bytes = await buffer(response.body as Readable);
      response.body = bytes;
      refuseNoAnswer(bytes.toString("utf8", 0, 1000), response, whatOf(context), context.host);
      return result;
    },
    { step: "deserialize", priority: "low", name: "refuseNoAnswer" },
  );
  return client;
}
