import type { Aws } from "./aws.js";

/** Minutes within which most bakes of an AMI end. */
const usualMinutes = 30;

/**
 * Environment variables with which Packer uses the same account as this command: the credentials that the SDK has resolved. Packer itself,
 * above all 1.6, supports fewer sources (no SSO sessions).
 */
export async function packerEnvironment(
  aws: Aws,
  warn: (line: string) => void,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await aws.ec2.config.credentials();
  const minutes = expiration && Math.floor((expiration.getTime() - Date.now()) / 60_000);
  if (minutes !== undefined && minutes < usualMinutes)
    warn(
      `the credentials expire in ${minutes} minutes, and Packer cannot renew them; a bake that takes longer fails. Log in again first: aws sso login`,
    );
  return {
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    AWS_PROFILE: "",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}
