import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CreateTagsCommand, DescribeImagesCommand } from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { awsClients } from "../../../src/targets/ec2/do/clients.js";
import { awsError } from "../../../src/targets/ec2/do/errors.js";

const servers: Server[] = [];
const told: string[] = [];

async function serve(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

beforeEach(() => {
  told.length = 0;
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function clients(answer: RequestListener) {
  const { port } = await serve(answer);
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
  return awsClients("eu-west-1", (line) => told.push(line));
}

const page = "<!doctype html><html><head><title>Log in</head><body>Log in</body></html>";

describe.each([
  ["a page", 200, page],
  ["a page that is good XML", 200, "<html><body>Log in</body></html>"],
  ["nothing", 200, ""],
  ["another document", 200, "<Nonsense/>"],
  ["text", 502, "Bad gateway"],
  ["a page of refusal", 403, page],
  ["an empty refusal", 400, ""],
])("%s with %i", (_, status, body) => {
  test("is told as no answer of AWS, with what was asked of whom", async () => {
    const { ec2, autoscaling, ssm } = await clients((__, response) => response.writeHead(status).end(body));
    const asked = {
      "EC2 DescribeImages": () => ec2.send(new DescribeImagesCommand({})),
      "EC2 CreateTags": () => ec2.send(new CreateTagsCommand({ Resources: ["i-1"], Tags: [] })),
      "Auto Scaling DescribeAutoScalingGroups": () =>
        autoscaling.send(new DescribeAutoScalingGroupsCommand({})),
      "SSM GetParameter": () => ssm.send(new GetParameterCommand({ Name: "x" })),
    };
    for (const [what, call] of Object.entries(asked))
      await expect(call()).rejects.toMatchObject({
        code: "NoAnswerOfAws",
        message: expect.stringMatching(
          new RegExp(`^${what}: 127\\.0\\.0\\.1 did not answer like an AWS service`),
        ) as string,
      });
  });
});

test("an answer without anything of its operation is an error; an empty list is none", async () => {
  const { ec2, ssm } = await clients((request, response) => {
    const json = request.headers["x-amz-target"] !== undefined;
    response.end(json ? "{}" : "<DescribeImagesResponse><requestId>1</requestId></DescribeImagesResponse>");
  });
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toMatchObject({ code: "NoAnswerOfAws" });
  await expect(ssm.send(new GetParameterCommand({ Name: "x" }))).rejects.toMatchObject({
    code: "NoAnswerOfAws",
  });
  const empty = await clients((_, response) =>
    response.end(`<?xml version="1.0"?>\n<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>`),
  );
  expect(await empty.ec2.send(new DescribeImagesCommand({}))).toMatchObject({ Images: [] });
});

test("a silent endpoint is told of while it is waited for", async () => {
  vi.stubEnv("SIP_PROXY_AWS_TIMEOUT", "0.6");
  const { ec2 } = await clients(() => undefined);
  await expect(ec2.send(new DescribeImagesCommand({}))).rejects.toMatchObject({ code: "TimeoutError" });
  expect(told).toEqual([expect.stringMatching(/^127\.0\.0\.1 has not answered EC2 DescribeImages yet/)]);
});

test.each([
  [
    "http",
    /^EC2 DescribeImages: the proxy did not forward the request to ec2\.eu-west-1\.amazonaws\.com: Proxy connection ended/,
  ],
  [
    "socks5h",
    /^EC2 DescribeImages: the proxy did not forward the request to ec2\.eu-west-1\.amazonaws\.com: .*Socks/,
  ],
])("a proxy (%s) that hangs up, or is none, is told as that, without its password", async (scheme, words) => {
  const { server, port } = await serve(() => undefined);
  server.on("connect", (_, socket: Socket) => socket.destroy());
  server.on("clientError", (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  vi.stubEnv("HTTPS_PROXY", `${scheme}://somebody:s3cret@127.0.0.1:${port}`);
  vi.stubEnv("AWS_ENDPOINT_URL", undefined);
  const { ec2 } = await awsClients("eu-west-1", () => undefined);
  const error: unknown = await ec2.send(new DescribeImagesCommand({})).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "NoAnswerOfProxy", message: expect.stringMatching(words) as string });
  expect(String(error)).not.toContain("s3cret");
});

test("HTTPS_PROXY and NO_PROXY hold for AWS", async () => {
  const asked: string[] = [];
  const { server, port } = await serve((_, response) => response.writeHead(500).end());
  server.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_ENDPOINT_URL", undefined);
  const call = async () => {
    const { ec2 } = await awsClients("eu-west-1", () => undefined);
    await ec2.send(new DescribeImagesCommand({}));
  };
  await expect(call()).rejects.toThrow();
  expect(asked).toEqual(["ec2.eu-west-1.amazonaws.com:443"]);

  // not through the proxy: a port of this machine on which nothing listens
  const closed = await serve(() => undefined);
  closed.server.close();
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  vi.stubEnv("AWS_ENDPOINT_URL", `https://127.0.0.1:${closed.port}`);
  await expect(call()).rejects.toThrow(/ECONNREFUSED/);
  expect(asked).toHaveLength(1);
  connect(port, "127.0.0.1").destroy();
});

test.each([
  [
    "CredentialsProviderError",
    "Could not resolve credentials using profile: [voice] in configuration file(s).",
    /profile voice in/,
  ],
  [
    "CredentialsProviderError",
    "The SSO session associated with this profile has expired.",
    /aws sso login --profile voice/,
  ],
  [
    "TokenProviderError",
    "Token is expired. To refresh this SSO session run 'aws sso login'.",
    /aws sso login --profile voice/,
  ],
  [
    "CredentialsProviderError",
    "Command failed: /usr/bin/get-credentials",
    /credential_process of the profile voice failed/,
  ],
  ["CredentialsProviderError", "Could not load credentials from any providers", /AWS_ACCESS_KEY_ID/],
  [
    "UnauthorizedOperation",
    "User: arn:aws:iam::1:user/a is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:::instance/* Encoded authorization failure message: AAAA",
    /must allow ec2:RunInstances on arn:aws:ec2:::instance\/\*/,
  ],
])("%s: %s has its own way out", (name, message, hint) => {
  vi.stubEnv("AWS_PROFILE", "voice");
  const error = awsError(Object.assign(new Error(message), { name }), "EC2 X");
  expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string });
  expect((error as Error).message).not.toContain("AAAA");
});
