import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { run, start } from "../../src/do/process.js";
import { runPlatform, startRecorder } from "../../src/lab/agents.js";
import { newPrefix, removeLeftovers } from "../../src/lab/network/leftovers.js";
import { Network } from "../../src/lab/network.js";
import { eventually } from "../support/eventually.js";
import { Bench, PLATFORMS, RECORDER, TOPOLOGY } from "./lab-bench.js";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterEach(() => bench.recorder.forget());
afterAll(() => bench?.stop());

describe("the network", () => {
  it("keeps private addresses out of reach from outside, and other hosts off the internet", async () => {
    const job = { timers: { giveUp: 1000 }, connectTimeoutMs: 1000 };
    for (const transport of ["udp", "tcp"] as const) {
      const { summary } = await bench.calls("platform", transport, {
        ...job,
        targets: [{ transport, address: RECORDER.address, port: RECORDER.port }],
      });
      expect(summary.outcomes.ok).toBe(0);
    }
    const events = await runPlatform(bench.network.namespace("database"), {
      type: "options",
      localAddress: "10.0.0.9",
      target: { transport: "udp", address: PLATFORMS.platform, port: 5060 },
      timeoutMs: 500,
    });
    expect(events).toMatchObject([{ event: "options", status: 0 }]);
  });

  it("loses packets when told to, and the counts say how many", async () => {
    await bench.network.lose("recorder0", 100);
    const { summary } = await bench.calls("platform", "tcp", {
      calls: 10,
      holdMs: 2000,
      connectTimeoutMs: 30_000,
    });
    await bench.network.mend("recorder0");
    expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 10 } });
    const { totals } = await bench.settled();
    const share = totals.rtpLost / summary.rtpPackets;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.15);
    expect(totals.rtpPackets + totals.rtpLost).toBeLessThanOrEqual(summary.rtpPackets);
  });

  it("UDP calls come through loss by repetition", async () => {
    await bench.network.lose("recorder0", 100);
    const { summary } = await bench.calls("platform", "udp", {
      calls: 30,
      rate: 30,
      holdMs: 500,
      rtp: { rate: 0 },
    });
    await bench.network.mend("recorder0");
    expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 30 } });
    expect(summary.retransmissions).toBeGreaterThan(0);
    await bench.settled();
  });

  it("can be cut and mended", async () => {
    await bench.network.cut("recorder0");
    const cut = await bench.calls("platform", "udp", { timers: { giveUp: 1000 } });
    await bench.network.mend("recorder0");
    const mended = await bench.calls("platform", "udp", { holdMs: 100 });
    expect([cut.summary.outcomes.timeout, mended.summary.outcomes.ok]).toEqual([1, 1]);
  });

  it("goes away with all that runs in it, also when its process died", async () => {
    // parallel tests also remove networks of dead processes; `owner` keeps this one until it is complete
    const owner = start({ argv: ["sleep", "infinity"] });
    const dead = new Network(TOPOLOGY, newPrefix(owner.pid));
    await dead.up();
    const orphan = await startRecorder(dead.namespace("recorder0"), {
      name: "orphan",
      listen: [{ transport: "udp", address: RECORDER.address, port: 5060 }],
    });
    owner.kill();
    await once(owner, "exit");
    await removeLeftovers();
    expect(await orphan.exited).not.toBe(0);
    const namespaces = async () => (await run({ argv: ["ip", "netns", "list"] })).stdout;
    await eventually(async () => expect(await namespaces()).not.toContain(dead.prefix));
    expect(await namespaces()).toContain(bench.network.namespace("recorder0"));
  });
});
