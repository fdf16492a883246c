import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { proxiesWith } from "../support/proxies.js";

// enable_antiflood (enable_anitflood), pike_sample_time, pike_reqs_density, pike_remove_latency, ipban_expire.

const open = { trusted: [], pike_sample_time: 2, pike_reqs_density: 10 };
const proxies = proxiesWith({
  strict: { ...open, pike_remove_latency: 8, ipban_expire: 8 },
  dense: { ...open, pike_reqs_density: 1000 },
  quick: { ...open, pike_sample_time: 1, pike_reqs_density: 20 },
  slow: { ...open, pike_sample_time: 6, pike_reqs_density: 20 },
  lasting: { ...open, pike_remove_latency: 300, ipban_expire: 300 },
  off: { ...open, enable_antiflood: false },
  misspelt: { ...open, enable_anitflood: false },
  known: { pike_sample_time: 2, pike_reqs_density: 10 },
});
type Proxy = keyof typeof proxies;

let lab: CallLab;
beforeAll(async () => {
  lab = await CallLab.start({ proxies });
});
afterEach(() => lab.forget());
afterAll(() => lab?.stop());

/** The number of answered OPTIONS from a stranger (or the platform). */
async function answered(
  proxy: Proxy,
  count: number,
  rate = 50,
  from: "stranger" | "platform" = "stranger",
  timeoutMs = 2000,
): Promise<number> {
  const statuses = await lab.ask(from, { target: lab.target("udp", proxy), count, rate, timeoutMs });
  return statuses.filter((status) => status === 200).length;
}

const banned = async (proxy: Proxy) =>
  /192\.0\.2\.66/.test(await lab.proxy(proxy).kamcmd("htable.dump", "ipban"));

const remembered = async (proxy: Proxy) =>
  /192\.0\.2\.66|c0\.00\.02\.42/i.test(await lab.proxy(proxy).kamcmd("pike.top", "ALL"));

describe("enable_antiflood", () => {
  it("bans a stranger who floods for ipban_expire seconds, and forgets him after pike_remove_latency", async () => {
    expect(await answered("lasting", 60)).toBeLessThan(40);
    expect(await answered("strict", 60)).toBeLessThan(40);
    expect(await banned("strict")).toBe(true);
    expect([await remembered("strict"), await remembered("lasting")]).toEqual([true, true]);
    expect(await answered("strict", 1)).toBe(0);
    await eventually(async () => expect(await remembered("strict")).toBe(false), 60_000);
    expect(await remembered("lasting")).toBe(true);
    await eventually(async () => expect(await answered("strict", 1)).toBe(1), 60_000);
    expect(await answered("lasting", 1)).toBe(0);
  });

  it.each(["off", "misspelt"] as const)("false lets all through (%s)", async (proxy) => {
    expect(await answered(proxy, 60)).toBe(60);
  });

  it("never counts trusted networks", async () => {
    expect(await answered("known", 120, 100, "platform")).toBe(120);
  });
});

it("pike_reqs_density: so many more requests are let through", async () => {
  expect(await answered("dense", 60)).toBe(60);
});

it("pike_sample_time: the same rate is a flood over six seconds, and none over one", async () => {
  const [quick, slow] = await Promise.all([answered("quick", 48, 8), answered("slow", 48, 8)]);
  expect(quick).toBe(48);
  expect(slow).toBeLessThan(48);
});
