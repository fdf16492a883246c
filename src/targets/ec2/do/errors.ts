import { UserError } from "../../../errors.js";

/** A call to AWS that finally failed: an expected error, with AWS' error code for callers that handle it. */
export class AwsError extends UserError {
  constructor(
    readonly code: string,
    message: string,
    options: { hint?: string; isFinal?: boolean; cause?: unknown },
    /** Number of attempts. After more than one, "already exists" may be the result of an earlier attempt. */
    readonly attempts: number,
  ) {
    super(message, options);
    // errors of the SDK have the code as name
    this.name = code;
  }
}

/** Whether AWS refused with one of these codes. */
export function isAwsError(error: unknown, ...codes: readonly string[]): error is AwsError {
  return error instanceof AwsError && codes.includes(error.code);
}

export const betweenHint =
  "check whether a proxy, a login page or another server answers instead (HTTPS_PROXY, NO_PROXY, AWS_ENDPOINT_URL)";

type Hints = readonly [RegExp, string][];

const unreachable = /^(NoAnswerOf(Aws|Proxy)|TimeoutError|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|NetworkingError)/;

/** Codes that every new attempt would meet, until the user fixes credentials. With hints. */
const troubleOfCredentials: Hints = [
  [
    /^(CredentialsProviderError|TokenProviderError|NoCredentials|MissingAuthenticationToken)/,
    "provide credentials as for the AWS CLI: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an instance role",
  ],
  [
    /^(ExpiredToken|RequestExpired|TokenRefreshRequired|ExpiredTokenException)/,
    "log in again (aws sso login), or provide new credentials",
  ],
  [/^(AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient)/, "check the credentials"],
];

/** Codes that are not about the resource of a call: the next call will meet the same. With hints. */
const troubleOfEveryCall: Hints = [
  ...troubleOfCredentials,
  [
    /^(UnauthorizedOperation|AccessDenied)/,
    "your IAM policy must allow this action; --dry-run prints the calls of a command",
  ],
  [
    /^(RequestLimitExceeded|Throttl|TooManyRequests|EC2ThrottledException)/,
    "AWS throttles this account; run the same command again in a minute to continue",
  ],
  [unreachable, "is AWS reachable from this machine? (AWS_ENDPOINT_URL, AWS_REGION, proxies)"],
  [/^(InternalError|InternalFailure|ServiceUnavailable|Unavailable)/, "AWS has a problem; try again"],
];

/** Codes about one resource with a hint. Codes of EC2, Auto Scaling and SSM. */
const troubleOfOne: Hints = [
  [
    /^(InsufficientInstanceCapacity|InsufficientHostCapacity|Unsupported$)/,
    "use another instance_type or a subnet in another zone",
  ],
  [
    /^(VcpuLimitExceeded|InstanceLimitExceeded|AddressLimitExceeded|MaxSpotInstanceCountExceeded|LimitExceeded|RulesPerSecurityGroupLimitExceeded)/,
    "request a higher quota in the Service Quotas console, or delete unused resources",
  ],
  [
    /^InvalidAMIID/,
    "bake and promote an image in this region, or set launch.ec2.ami; see `sip-proxy image list`",
  ],
  [
    /^InvalidIPAddress/,
    "private_ip_address must be free and in one of launch.ec2.subnets; see: aws ec2 describe-network-interfaces",
  ],
  [/^InvalidSubnetID/, "check the subnets in the fleet file: are they in this region and account?"],
  [/^InvalidGroup|^InvalidGroupId|^InvalidSecurityGroupID/, "check launch.ec2.security_group_ids"],
  [/^InvalidKeyPair/, "check launch.ec2.key_name"],
];

/** Whether AWS refused only this resource: the same call may succeed for another one. */
export function isRefusal(error: unknown): error is AwsError {
  return error instanceof AwsError && !troubleOfEveryCall.some(([pattern]) => pattern.test(error.code));
}

/** Whether a service could not be reached. */
export const isUnreachable = (error: unknown): error is AwsError =>
  error instanceof AwsError && unreachable.test(error.code);

interface SdkError {
  name?: string;
  Code?: string;
  code?: string;
  message?: string;
  $metadata?: { attempts?: number; httpStatusCode?: number };
}

/** An error of the SDK as an error for users. `host`: the host that the call was sent to. */
export function awsError(error: unknown, what: string, host = ""): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const { name = "", Code, code, message = "", $metadata } = error as SdkError;
  const attempts = $metadata?.attempts ?? 1;
  const tried = attempts > 1 ? ` (tried ${attempts} times)` : "";
  if (/Deserialization error|XML parse error/.test(message) || /^Unknown(Error)?$/.test(name))
    return new AwsError(
      "NoAnswerOfAws",
      `${what}: ${host || "the endpoint"} did not answer like an AWS service (${$metadata?.httpStatusCode ?? "?"})${tried}`,
      { hint: betweenHint, cause: error },
      attempts,
    );
  // connection errors have a code and a meaningless name
  const id = Code ?? (name === "Error" || name === "" ? code : name);
  if (id === undefined && /proxy|socks/i.test(message))
    return new AwsError(
      "NoAnswerOfProxy",
      `${what}: the proxy did not forward the request to ${host || "AWS"}: ${message}${tried}`,
      {
        hint: "check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY lists hosts that are reached without it",
        cause: error,
      },
      attempts,
    );
  if (id === undefined || /^(TypeError|RangeError|SyntaxError|ReferenceError)$/.test(id)) return error;
  const hint = credentialHint(id, message) ?? permissionHint(message) ?? hintFor(id, message);
  // EC2 adds data that only sts decode-authorization-message can read
  const words = message.replace(/\s*Encoded authorization failure message: \S+/, "");
  return new AwsError(
    id,
    `${what}: ${id}: ${words}${tried}`,
    {
      cause: error,
      isFinal: troubleOfCredentials.some(([pattern]) => pattern.test(id)),
      ...(hint === undefined ? {} : { hint }),
    },
    attempts,
  );
}

const hintFor = (id: string, message: string): string | undefined =>
  [...troubleOfEveryCall, ...troubleOfOne].find(
    ([pattern]) => pattern.test(id) || pattern.test(message),
  )?.[1];

/** A hint by message: the SDK has one error name for all failures of credentials. */
function credentialHint(id: string, message: string): string | undefined {
  if (!/^(CredentialsProviderError|TokenProviderError)$/.test(id)) return undefined;
  const profile = process.env["AWS_PROFILE"] ?? "default";
  if (/sso/i.test(message)) return `log in again: aws sso login --profile ${profile}`;
  if (/using profile/i.test(message))
    return `is there a profile ${profile} in ~/.aws/config? see: aws configure list-profiles; AWS_PROFILE names another`;
  if (/process|command failed/i.test(message))
    return `the command of credential_process of the profile ${profile} failed: run it by hand`;
  return undefined;
}

/** The refused action and resource, if AWS names them. */
function permissionHint(message: string): string | undefined {
  const [, action, resource] = /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message) ?? [];
  if (action === undefined) return undefined;
  const on = resource === undefined ? "" : ` on ${resource}`;
  return `your IAM policy must allow ${action}${on}; --dry-run prints the calls of a command`;
}
