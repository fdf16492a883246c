import { afterAll, beforeAll, expect, it } from "vitest";
import { runPlatform } from "../../src/lab/agents.js";
import { CallLab, callers } from "../support/call-lab.js";

// The request of the host's self-test to Kamailio, before the host is ready: does a request reach a recorder?

let lab: CallLab;
beforeAll(async () => {
  lab = await CallLab.start();
});
afterAll(() => lab?.stop());

/** Sends the request from a host of the network; returns the answer's status and Server. */
async function ask(from: string, localAddress: string, address: string) {
  const target = { transport: "udp" as const, address, port: 5080 };
  const job = {
    type: "options" as const,
    localAddress,
    sipPort: 0,
    target,
    user: "recorder",
    timeoutMs: 20_000,
  };
  const [answer] = await runPlatform(lab.network.namespace(from), job);
  return answer?.event === "options" ? `${answer.status} ${answer.server}`.trim() : "nothing";
}

function fromTheHost() {
  const { private_ip_address: own } = lab.host();
  return ask("sipproxy0", own, own);
}

it("a recorder answers it, through Kamailio, each in its turn", async () => {
  const answers = [await fromTheHost(), await fromTheHost()];
  expect(answers.sort()).toEqual(["200 recorder0", "200 recorder1"]);
});

it("nobody else reaches a recorder with it", async () => {
  const { public_ip_address: target } = lab.host();
  expect(await ask("platform", callers.platform.address, target)).toBe("200");
});

it("a recorder that hangs, or is stopped, leaves it to the next one; without one it is refused", async () => {
  lab.recorder("recorder0").freeze(true);
  try {
    expect([await fromTheHost(), await fromTheHost()]).toEqual(["200 recorder1", "200 recorder1"]);
    await lab.recorder("recorder1").stop();
    expect(await fromTheHost()).toBe("503");
  } finally {
    lab.recorder("recorder0").freeze(false);
  }
});
