import { CreateKeyCommand, type CreateKeyCommandInput } from "@aws-sdk/client-kms";
import { CreateHostedZoneCommand } from "@aws-sdk/client-route-53";
import type { Cloud } from "./cloud.js";

/** A public hosted zone; its id. */
export async function makeZone({ route53 }: Cloud, Name: string): Promise<string> {
  const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }));
  return (HostedZone?.Id ?? "").replace("/hostedzone/", "");
}

/** A KMS key of the account's own. */
export async function makeKey(
  { kms }: Cloud,
  input: CreateKeyCommandInput = {},
): Promise<{ id: string; arn: string }> {
  // moto 5.1.1 returns no KeyUsage for a key that was created without it
  const use = { KeyUsage: "ENCRYPT_DECRYPT" as const };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...use, ...input }));
  return { id: KeyMetadata?.KeyId ?? "", arn: KeyMetadata?.Arn ?? "" };
}
