import { expect, test } from "vitest";
import { startPlatform } from "../../src/lab/agents.js";
import { demo } from "../../src/lab/demo/addresses.js";
import type { DemoWorld } from "../../src/lab/demo/world.js";

const { public_ip_address: address } = demo.proxies.sipproxy0;

/** `stop` while calls are up: they go on until their ends, with all their media. */
export function stopCases(world: () => DemoWorld, stop: () => Promise<unknown>): void {
  test("stop lets the calls on a host end, and accepts no others", async () => {
    const platform = (calls: number, holdMs: number) =>
      startPlatform(world().network.namespace("platform"), {
        type: "calls",
        localAddress: demo.platform,
        sipPort: 0,
        targets: [{ transport: "tcp", address, port: 5080 }],
        calls,
        rate: 10,
        holdMs,
      });
    const calls = await platform(4, 12_000);
    await calls.allPlaced();
    let over = false;
    const stopped = stop().finally(() => (over = true));
    const { summary, calls: ended } = await calls.finished;
    expect(over).toBe(false);
    expect(summary.outcomes).toMatchObject({ ok: 4 });
    expect(ended.map(({ byeStatus }) => byeStatus)).toEqual([200, 200, 200, 200]);
    await stopped;
  });
}
