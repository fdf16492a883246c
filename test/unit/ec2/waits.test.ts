import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Aws } from "../../../src/targets/ec2/do/aws.js";
import { waitForState } from "../../../src/targets/ec2/do/instances.js";

let server: Server;
/** Answers of EC2 to successive queries: a state, or an error code. The last one repeats. */
let answers: string[];
let looks: number;

beforeEach(async () => {
  looks = 0;
  server = createServer((_, response) => {
    const answer = answers[Math.min(looks++, answers.length - 1)] ?? "";
    if (/^[a-z]/.test(answer)) response.end(instance(answer));
    else response.writeHead(403).end(refusal(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("SIP_PROXY_POLL", "0.01");
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const instance = (state: string) =>
  `<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>
  <instanceState><name>${state}</name></instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`;
const refusal = (code: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`;

async function started(...all: string[]): Promise<void> {
  answers = all;
  await waitForState(await Aws.open("eu-west-1", () => undefined), "i-1", "running");
}

test("one look from before the change is borne", async () => {
  await started("stopping", "pending", "running");
  expect(looks).toBe(3);
});

test("an instance that goes elsewhere ends the wait", async () => {
  await expect(started("pending", "shutting-down", "terminated")).rejects.toThrow(
    "instance i-1 did not become running; it is terminated",
  );
  expect(looks).toBe(3);
});

test("so does the first refusal that will not pass; one that passes does not", async () => {
  await expect(started("pending", "UnauthorizedOperation")).rejects.toThrow(/UnauthorizedOperation/);
  expect(looks).toBe(2);
  looks = 0;
  await started("RequestLimitExceeded", "running");
  expect(looks).toBe(2);
});
