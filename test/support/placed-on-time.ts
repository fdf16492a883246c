import { expect } from "vitest";
import type { demo } from "../../src/lab/demo/addresses.js";
import { placeCalls } from "../../src/lab/demo/calls.js";
import { judge } from "../../src/lab/demo/late.js";
import type { DemoWorld } from "../../src/lab/demo/world.js";
import { slackFromNow } from "./slack.js";

export type Placed = Awaited<ReturnType<typeof placeCalls>>;
export type Proxies = readonly (keyof typeof demo.proxies)[];

/** Share of the time with processes that wait for a processor, above which the machine is too busy for media. */
const BUSY = 0.3;

/**
 * Places the demonstration's calls, and expects no fault. Calls that the machine delayed are placed again, because they do not
 * test the proxies; the third attempt counts. With faults, the proxies' journals are printed to the test's output. `more` finds further faults.
 */
export async function placedOnTime(
  world: DemoWorld,
  names: Proxies,
  inGuest: (name: Proxies[number], script: string) => Promise<string>,
  more: (placed: Placed) => string[] = () => [],
): Promise<Placed> {
  for (let left = 2; ; left -= 1) {
    const [slack, began] = [slackFromNow(), Date.now()];
    const placed = await placeCalls(world, () => undefined, names);
    const waited = slack();
    const faults = [...placed.legs.flatMap((leg) => leg.faults), ...more(placed)];
    if (faults.length === 0) return placed;
    const verdict = { faults, late: placed.late, waited, took: Date.now() - began };
    console.log(verdict);
    const journal = "sudo journalctl -b --no-pager -n 100 -u kamailio -u 'rtp*' -p notice; uptime";
    for (const name of names) console.log(`${name}:\n${await inGuest(name, journal)}`);
    const held = waited > BUSY * verdict.took || judge(faults, placed.late).kind === "too slow";
    if (left === 0 || !held) expect(verdict).toEqual({ faults: [] });
  }
}
