import { AutoScalingClient, CompleteLifecycleActionCommand } from "@aws-sdk/client-auto-scaling";
import { SSMClient, GetParameterCommand } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { allowedBy } from "../../support/host-cloud/iam.js";
import { isSignedWith, readAuthorization, type ReceivedRequest } from "../../support/host-cloud/sigv4.js";

/** Captures requests of a real AWS client, to check the lab's verification of signatures with AWS' signer. */
function capture() {
  const seen: ReceivedRequest[] = [];
  const requestHandler = {
    handle: (request: { method: string; path: string; headers: Record<string, string>; body: string }) => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]);
      seen.push({
        ...request,
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: String(request.body),
      });
      return Promise.reject(new Error("captured"));
    },
  };
  const credentials = {
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "a/secret+key",
    sessionToken: "token/+==",
  };
  return {
    seen,
    config: { region: "eu-west-1", credentials, requestHandler: requestHandler as never, maxAttempts: 1 },
  };
}

async function signed(): Promise<ReceivedRequest[]> {
  const { seen, config } = capture();
  const complete = new CompleteLifecycleActionCommand({
    AutoScalingGroupName: "a group & more",
    LifecycleHookName: "sip-proxy-launch",
    LifecycleActionResult: "CONTINUE",
  });
  await new AutoScalingClient(config).send(complete).catch(() => undefined);
  await new SSMClient(config).send(new GetParameterCommand({ Name: "/a/é" })).catch(() => undefined);
  return seen;
}

test("a signature by AWS' own client is good, and nothing that differs is", async () => {
  const requests = await signed();
  expect(requests).toHaveLength(2);
  for (const request of requests) {
    const given = readAuthorization(request.headers["authorization"]);
    if (!given) expect.fail(request.headers["authorization"]);
    expect(isSignedWith("a/secret+key", request, given)).toBe(true);
    expect(isSignedWith("another key", request, given)).toBe(false);
    expect(isSignedWith("a/secret+key", { ...request, body: `${request.body} ` }, given)).toBe(false);
    const headers = { ...request.headers, "x-amz-security-token": "another" };
    expect(isSignedWith("a/secret+key", { ...request, headers }, given)).toBe(false);
    expect(isSignedWith("a/secret+key", request, { ...given, region: "eu-west-2" })).toBe(false);
  }
});

test("a statement allows what it names, where its conditions hold", () => {
  const need = {
    action: "ec2:AssociateAddress",
    resource: "arn:aws:ec2:r:1:instance/i-1",
    context: { team: "a" },
  };
  const policy = (more: object) => ({
    Version: "2012-10-17" as const,
    Statement: [
      {
        Sid: "S",
        Effect: "Allow" as const,
        Action: ["ec2:Associate*"],
        Resource: ["arn:*:instance/i-?"],
        ...more,
      },
    ],
  });
  expect(allowedBy(policy({}), need)?.Sid).toBe("S");
  expect(allowedBy(policy({ Condition: { StringEquals: { team: ["a", "b"] } } }), need)?.Sid).toBe("S");
  expect(allowedBy(policy({ Condition: { StringEquals: { team: "b" } } }), need)).toBeUndefined();
  expect(allowedBy(policy({ Condition: { StringEquals: { other: "a" } } }), need)).toBeUndefined();
  expect(allowedBy(policy({ Resource: ["arn:*:instance/i-"] }), need)).toBeUndefined();
  expect(allowedBy(policy({ Action: ["ec2:Describe*"] }), need)).toBeUndefined();
});
