import { existsSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { attempt, run } from "../../src/do/process.js";
import { HostLab } from "../support/host-lab.js";

const odd = `it's \\ a:"secret" $(x) \`y\` é\n\tlast`;
const account = {
  secrets: { "kam/db": odd, "kam/json": JSON.stringify({ password: odd, port: 5432 }), "kam/empty": "" },
  parameters: { "/kam/db": odd },
};

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start(2, {
    ...account,
    instances: [
      { id: "i-00000000000000000", privateAddress: "10.0.1.1" },
      { id: "i-00000000000000001", privateAddress: "10.0.1.2", role: false },
    ],
  });
  await lab.root(0);
  await lab.root(1);
});
afterEach(() => lab.cloud.mend());
afterAll(() => lab?.stop());

const fetch = (...args: [string, ...string[]]) => lab.script(0, ["fetch-secret", ...args]);
const inRun = (file: string) => join(lab.folder, "0/run/sip-proxy", file);

describe("fetch-secret", () => {
  test.each([
    ["secretsmanager", "kam/db"],
    ["secretsmanager", "kam/json", "password"],
    ["secretsmanager", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kam/db-AbCdEf"],
    ["ssm", "/kam/db"],
  ])("prints the very characters of %s %s %s", async (...args) => {
    const { exitCode, stdout, stderr } = await fetch(...(args.filter(Boolean) as [string]));
    expect([exitCode, stdout, stderr]).toEqual([0, odd, ""]);
  });

  test.each([
    [
      ["secretsmanager", "kam/none"],
      /secret secretsmanager kam\/none does not exist: GetSecretValue: ResourceNotFound/,
    ],
    [["ssm", "/kam/none"], /secret ssm \/kam\/none does not exist: GetParameter: ParameterNotFound/],
    [["secretsmanager", "kam/json", "user"], /has no text under the key user, or is not text/],
    [["secretsmanager", "kam/json", "port"], /has no text under the key port/],
    [["secretsmanager", "kam/db", "password"], /has no text under the key password/],
    [["vault", "kam/db"], /has a type that this image does not support/],
  ])("says what is wrong with %s, and nothing of the secret", async (args, message) => {
    const { exitCode, stdout, stderr } = await fetch(...(args as [string]));
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("a:");
  });

  test("says that the role is denied it", async () => {
    await lab.cloud.inject({ action: "GetSecretValue", kind: "denied" });
    const { stderr } = await fetch("secretsmanager", "kam/db");
    expect(stderr).toMatch(
      /is denied to the instance's role: GetSecretValue: AccessDeniedException \(User is not/,
    );
  });

  test("says that there is no role", async () => {
    const { stderr } = await lab.script(1, ["fetch-secret", "ssm", "/kam/db"]);
    expect(stderr).toMatch(/cannot be asked for: the instance has no role \(instance profile\)/);
  });
});

describe("calls", () => {
  test.each(["throttle", "unavailable", "lost"] as const)(
    "that meet %s twice are made a third time",
    async (kind) => {
      await lab.cloud.inject({ action: "GetParameter", kind, times: 2 });
      const before = lab.cloud.calls("GetParameter").length;
      expect((await fetch("ssm", "/kam/db")).stdout).toBe(odd);
      expect(lab.cloud.calls("GetParameter")).toHaveLength(before + 3);
    },
  );

  test("are given up after five attempts", async () => {
    await lab.cloud.inject({ action: "GetParameter", kind: "throttle" });
    const before = lab.cloud.calls("GetParameter").length;
    const { exitCode, stderr } = await fetch("ssm", "/kam/db");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be read: GetParameter: ThrottlingException \(Rate exceeded\)/),
    ]);
    expect(lab.cloud.calls("GetParameter")).toHaveLength(before + 5);
  });

  test("share the role's credentials, which root alone reads", async () => {
    await fetch("ssm", "/kam/db");
    const before = readFileSync(inRun("aws/credentials"), "utf8");
    await fetch("ssm", "/kam/db");
    expect(readFileSync(inRun("aws/credentials"), "utf8")).toBe(before);
    expect(statSync(inRun("aws/credentials")).mode & 0o777).toBe(0o600);
  });
});

test("without a metadata service there is no group to speak to", async () => {
  await run({
    argv: lab.network.inNamespace("host0", ["ip", "route", "add", "unreachable", "169.254.169.254"]),
  });
  const { exitCode, stdout } = await lab.script(0, ["lifecycle"]);
  await run({
    argv: lab.network.inNamespace("host0", ["ip", "route", "del", "unreachable", "169.254.169.254"]),
  });
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringMatching(/the instance metadata service .* does not answer: the group is unknown/),
  ]);
});

test("a host of no group has nothing to say to one", async () => {
  await writeFile(join(lab.folder, "1/etc/sip-proxy/host.env"), "KIND=proxy\n");
  // lifecycle also works without a group: see host-drain
  for (const agent of ["health", "publish-metrics"] as const) {
    const { exitCode, stdout } = await lab.script(1, [agent]);
    expect([exitCode, stdout]).toEqual([0, ""]);
  }
});

test("the metadata service answers no further than one hop, and not without a token", async () => {
  const ask = (namespace: string, url: string, ...more: string[]) =>
    lab.network.inNamespace(namespace, [
      "curl",
      "-s",
      "-m",
      "2",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      ...more,
      url,
    ]);
  const token = ["-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60"];
  const near = await attempt({ argv: ask("host0", "http://169.254.169.254/latest/api/token", ...token) });
  const without = await attempt({
    argv: ask("host0", "http://169.254.169.254/latest/meta-data/instance-id"),
  });
  expect([near.stdout, without.stdout]).toEqual(["200", "401"]);
  expect(existsSync(inRun("aws/identity"))).toBe(true);
});
