import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { GroupLab, labFleet } from "../support/group-lab.js";
import { instanceId } from "../support/host-lab.js";
import { slackFromNow } from "../support/slack.js";

let lab: GroupLab;
afterEach(() => lab?.stop());

const terminate = "sip-proxy-terminate";

async function ready(count = 1, fleet = labFleet()): Promise<void> {
  lab = await GroupLab.start(count, {}, fleet);
  await Promise.all(Array.from({ length: count }, (_, index) => lab.bringUp(index, fleet)));
}

const host = (index = 0) => {
  const found = lab.hosts.get(index);
  if (!found) throw new Error(`no host ${index}`);
  return found;
};

/** Waits until the draining host answers 503. */
async function refusesCalls(): Promise<void> {
  await eventually(async () => {
    const late = await lab.calls(0, { holdMs: 100, rtp: { rate: 0 } });
    expect(late.calls.map(({ finalStatus }) => finalStatus)).toEqual([503]);
  });
}

describe("a host that the group takes out", () => {
  test("takes no new call, keeps the others with their media, and goes after the last", async () => {
    await ready();
    const calls = await lab.call(0, { calls: 10, rate: 10, holdMs: 15_000 });
    await calls.allPlaced();
    await lab.cloud.terminate(instanceId(0));
    await host().until(/draining: the group terminates this instance/);
    await refusesCalls();
    expect(await lab.lifecycle()).toBe("Terminating:Wait");

    const { summary } = await calls.finished;
    const ended = Date.now();
    const slack = slackFromNow();
    expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 10 } });
    await lab.cloud.untilCompleted(instanceId(0), terminate);
    expect(Date.now() - ended).toBeLessThan(20_000 + slack());
    const all = { rtpPackets: summary.rtpPackets, rtpLost: 0 };
    await eventually(async () => expect(await lab.recorder?.totals()).toMatchObject(all));
    expect(
      lab.cloud
        .calls("RecordLifecycleActionHeartbeat")
        .some(({ parameters }) => parameters["LifecycleHookName"] === terminate),
    ).toBe(true);
  });

  test("cuts calls off at drain_limit, and says how many", async () => {
    await ready(1, labFleet({ settings: { drain_limit: 5 } }));
    const calls = await lab.call(0, { calls: 3, rate: 10, holdMs: 60_000, rtp: { rate: 0 } });
    await calls.allPlaced();
    await lab.cloud.terminate(instanceId(0));
    await lab.cloud.untilCompleted(instanceId(0), terminate);
    await host().until(/FAILED: 3 calls are still up after 5 s \(drain_limit\)/);
    await calls.stop();
  });

  test("goes on where it was after a reboot in the middle, and after failing calls to AWS", async () => {
    await ready();
    const calls = await lab.call(0, { calls: 1, holdMs: 60_000, rtp: { rate: 0 } });
    await calls.allPlaced();
    await lab.cloud.terminate(instanceId(0));
    await host().until(/draining/);
    await lab.cloud.inject({ action: "CompleteLifecycleAction", kind: "unavailable", times: 6 });
    await host().reboot();
    await lab.cloud.untilCompleted(instanceId(0), terminate);
    expect(host().console.join("\n")).toMatch(
      /cannot send CONTINUE for sip-proxy-terminate to the group: CompleteLifecycleAction: ServiceUnavailable/,
    );
    await calls.stop();
  });
});

test("a spot instance that EC2 takes back drains at once", async () => {
  await ready();
  const calls = await lab.call(0, { calls: 2, holdMs: 8000 });
  await calls.allPlaced();
  await lab.cloud.interrupt(instanceId(0));
  await host().until(/draining: EC2 interrupts this spot instance/);
  await refusesCalls();
  expect((await calls.finished).summary).toMatchObject({ errors: {}, outcomes: { ok: 2 } });
  await host().until(/drained after \d+ s: no calls are left/);
});

describe("health", () => {
  test("a media relay or a Kamailio that stays broken has the instance replaced; a short pain does not", async () => {
    await ready(3);
    await host(0).run("bash", "-c", "touch /run/no-relay; pkill -KILL -x rtpengine");
    await host(1).run("bash", "-c", "mv /etc/kamailio/kamailio.cfg /root; pkill -KILL -x kamailio");
    await host(2).run("pkill", "-KILL", "-x", "kamailio");
    for (const index of [0, 1]) await lab.cloud.untilCompleted(instanceId(index), terminate);
    await host(0).until(/reported as unhealthy to the group: the media relay does not answer, for 20 s/);
    await host(1).until(/reported as unhealthy to the group: Kamailio does not answer kamcmd, for 20 s/);
    expect((await lab.cloud.state()).instances[instanceId(2)]).toMatchObject({
      lifecycle: "InService",
      health: "Healthy",
    });
  });
});
