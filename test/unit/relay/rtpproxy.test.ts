import { describe, expect, test } from "vitest";
import { portShares } from "../../../src/relay/rtpproxy.js";
import { fleetOf } from "../../support/fleets.js";

const settingsOf = (settings: object) => fleetOf({ settings }).hosts[0]?.settings ?? expect.fail();
const ranges = (settings: object) =>
  portShares(settingsOf(settings)).map(({ firstPort, lastPort }) => [firstPort, lastPort]);

describe("RTPProxy instances", () => {
  test("the default range is shared by five: 1,250 calls, 300 for a core", () => {
    expect(ranges({})).toHaveLength(5);
  });

  test("fewer are needed where a core relays more", () => {
    expect(ranges({ calls_per_core: 500 })).toEqual([
      [20000, 23327],
      [23328, 26655],
      [26656, 30000],
    ]);
  });

  test("few expected calls need one", () => {
    expect(ranges({ expected_calls: 100 })).toEqual([[20000, 30000]]);
  });

  test("shares start on even ports, hold whole calls, do not overlap, and use the whole range", () => {
    const shares = ranges({ rtp_start: 20001, rtp_stop: 50000, expected_calls: 1800 });
    expect(shares).toHaveLength(6);
    expect(shares.every(([first = 0]) => first % 2 === 0)).toBe(true);
    expect(shares.slice(0, -1).every(([first = 0, last = 0]) => (last - first + 1) % 8 === 0)).toBe(true);
    for (const [index, [first = 0]] of shares.entries())
      if (index > 0) expect(first).toBe((shares[index - 1]?.[1] ?? 0) + 1);
    expect(shares.at(-1)?.[1]).toBe(50000);
  });

  test("a tiny range still has an instance", () => {
    expect(ranges({ rtp_start: 20000, rtp_stop: 20003 })).toEqual([[20000, 20003]]);
  });
});
