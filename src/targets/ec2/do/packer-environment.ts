import type { Aws } from "./aws.js";

/**
 * The environment in which Packer finds the same account as this command: credentials as the SDK resolved them, since Packer's own
 * chain, above all that of 1.6, knows fewer ways (no SSO sessions).
 */
export async function packerEnvironment(aws: Aws): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = await aws.ec2.config.credentials();
  return {
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    AWS_PROFILE: "",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}
