import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Aws } from "../../../src/targets/ec2/do/aws.js";
import { packerEnvironment } from "../../../src/targets/ec2/do/packer-environment.js";

// Credentials of a program (credential_process). Like those of a login, they expire.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "expiring-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The warnings before a bake, and Packer's credentials, if the credentials expire in this many minutes. */
async function endingIn(minutes: number) {
  const answer = {
    ...{ Version: 1, AccessKeyId: "A-KEY", SecretAccessKey: "a-secret", SessionToken: "a-token" },
    Expiration: new Date(Date.now() + minutes * 60_000).toISOString(),
  };
  writeFileSync(join(folder, "answer"), JSON.stringify(answer));
  writeFileSync(
    join(folder, "config"),
    `[profile voice]\ncredential_process = cat ${join(folder, "answer")}\n`,
  );
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "none"));
  vi.stubEnv("AWS_PROFILE", "voice");
  const warned: string[] = [];
  const aws = await Aws.open("eu-west-1", () => undefined);
  const env = await packerEnvironment(aws, (line) => warned.push(line));
  return { warned, env };
}

test("credentials that would end during a bake are told before it", async () => {
  const { warned, env } = await endingIn(12.5);
  expect(warned).toEqual([expect.stringMatching(/^the credentials expire in 12 minutes, .*aws sso login$/)]);
  expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: "A-KEY", AWS_SESSION_TOKEN: "a-token", AWS_PROFILE: "" });
});

test("those that last are not", async () => {
  expect((await endingIn(60)).warned).toEqual([]);
});
