import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListGrantsCommand,
  type KeyMetadata,
} from "@aws-sdk/client-kms";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import { namedKeys, type NamedKey } from "../../compute/named-keys.js";
import type { Aws } from "../aws.js";
import { isRefusal } from "../errors.js";

/** KMS keys in the file must exist, be enabled, and be able to encrypt volumes. */
export async function keysFit(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const found = await Promise.all(
    namedKeys(fleet, aws.region).map(async (named): Promise<Fault[]> => {
      const key = await describeKey(await aws.in(named.region), named.key);
      const why = typeof key === "string" ? key : unfit(key, named);
      return why === undefined ? [] : [{ path: named.path, message: why }];
    }),
  );
  return found.flat();
}

/** The key, or a message if KMS does not find it. */
async function describeKey(aws: Aws, KeyId: string): Promise<KeyMetadata | string> {
  try {
    const { KeyMetadata } = await aws.clients.open(KMSClient).send(new DescribeKeyCommand({ KeyId }));
    return KeyMetadata ?? `must be a KMS key of ${aws.region}; got ${KeyId}`;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return `must be a KMS key of ${aws.region}; got ${KeyId}: ${error.message}`;
  }
}

/** Only symmetric keys: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html */
function unfit(
  { KeyState, KeySpec, KeyUsage, KeyManager }: KeyMetadata,
  named: NamedKey,
): string | undefined {
  if (KeyState !== "Enabled") return `must be an enabled KMS key; ${named.key} is ${KeyState}`;
  if (KeySpec !== "SYMMETRIC_DEFAULT" || KeyUsage !== "ENCRYPT_DECRYPT")
    return `must be a symmetric KMS key for encryption; ${named.key} is ${KeySpec}, ${KeyUsage}`;
  if (named.shared && KeyManager === "AWS")
    return `must be a customer managed KMS key: other accounts cannot launch AMIs encrypted with the AWS managed key ${named.key}`;
  return undefined;
}

/**
 * Auto Scaling launches a group's instances with its own role. It needs permission for a customer managed key, by the key's policy or a
 * grant; without it, instances end immediately with Client.InternalError.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
 */
export async function autoscalingMayUseKey(aws: Aws, { launch, group }: Fleet): Promise<Fault[]> {
  const { kms_key_id } = launch.ec2;
  if (!group || kms_key_id === undefined) return [];
  const key = await describeKey(aws, kms_key_id);
  if (typeof key === "string" || key.KeyManager !== "CUSTOMER") return [];
  const kms = aws.clients.open(KMSClient);
  const KeyId = key.Arn ?? kms_key_id;
  const { Policy = "" } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" }));
  if (Policy.includes(role) || /"AWS"\s*:\s*(\[\s*)?"\*"|"Principal"\s*:\s*"\*"/.test(Policy)) return [];
  const GranteePrincipal = `arn:${KeyId.split(":")[1] ?? "aws"}:iam::${key.AWSAccountId}:role/aws-service-role/autoscaling.amazonaws.com/${role}`;
  const { Grants = [] } = await kms.send(new ListGrantsCommand({ KeyId, GranteePrincipal }));
  if (Grants.length > 0) return [];
  return [
    {
      path: ["launch", "ec2", "kms_key_id"],
      severity: "warning",
      message: `is a key whose policy and grants do not allow Auto Scaling's role: the group's instances would terminate at their start (Client.InternalError)`,
      hint: `add a statement for ${GranteePrincipal} to the key's policy (Amazon EC2 Auto Scaling User Guide, "KMS key policy for use with encrypted volumes")`,
    },
  ];
}

const role = "AWSServiceRoleForAutoScaling";
