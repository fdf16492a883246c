import { expect, test } from "vitest";
import { callsOf, first, look, second, viewed } from "../../support/seen.js";

test("calls are lines from platform to proxy to recorder; a call in set-up has no recorder yet", () => {
  const calls = [
    ...callsOf(3, "udp:203.0.113.10:5060", first),
    ...callsOf(1, "tls:203.0.113.10:61000", second),
    ...callsOf(2, "udp:203.0.113.11:5060", null),
  ];
  const view = viewed([
    { name: "one", look: look({ calls, count: 6 }) },
    { name: "two", look: look() },
  ]);
  expect(view.platforms.map(({ name, calls: number }) => [name, number])).toEqual([
    ["203.0.113.10", 4],
    ["203.0.113.11", 2],
  ]);
  expect(view.lines).toEqual([
    { from: "platform 203.0.113.10", to: "proxy one", calls: 4 },
    { from: "platform 203.0.113.11", to: "proxy one", calls: 2 },
    { from: "proxy one", to: `recorder ${first}`, calls: 3 },
    { from: "proxy one", to: `recorder ${second}`, calls: 1 },
  ]);
  expect(view.recorders.map(({ name, calls: number }) => [name, number])).toEqual([
    ["recorder0", 3],
    ["recorder1", 1],
  ]);
});

test("a proxy is what it says of itself; one that says nothing is unreachable, with the reason", () => {
  const view = viewed([
    { name: "one", look: look({ count: 7 }) },
    { name: "two", look: look({ draining: true, limit: 0 }) },
    { name: "three", look: look({ ready: false, draining: true }) },
    { name: "four", why: "ssh: no route to host" },
  ]);
  expect(view.proxies.map(({ state, calls, limit, why }) => [state, calls, limit, why])).toEqual([
    ["ready", 7, 300, null],
    ["draining", 0, null, null],
    ["not ready", 0, 300, null],
    ["unreachable", null, null, "ssh: no route to host"],
  ]);
});

test("a recorder is what all proxies hold of it", () => {
  const states = (...flags: (string | undefined)[]) => {
    const seen = flags.map((its, index) => {
      const targets = its === undefined ? [] : [{ set: 1, uri: first, flags: its, priority: 0 }];
      return { name: `p${index}`, look: look({ targets }) };
    });
    return viewed(seen).recorders[0]?.state;
  };
  expect(states("AP", "AX")).toBe("up");
  expect(states("AP", "TP")).toBe("up");
  expect(states("AP", "IP")).toBe("down for some");
  expect(states("IP", "DX")).toBe("down");
  expect(states("DX", "DX")).toBe("out of service");
  expect(states(undefined)).toBe("unknown");
});

test("a recorder that only hosts know of is shown by its URI", () => {
  const targets = [{ set: 1, uri: "sip:10.0.0.9:5060;transport=udp", flags: "AP", priority: 0 }];
  const { recorders } = viewed([{ name: "one", look: look({ targets }) }]);
  expect(recorders.map(({ name, state }) => [name, state])).toEqual([
    ["recorder0", "unknown"],
    ["recorder1", "unknown"],
    ["sip:10.0.0.9:5060;transport=udp", "up"],
  ]);
});

test("refusals are counted in all and lately, also over a restart of Kamailio", () => {
  const refused = { full: 5, draining: 2, banned: 0 };
  const { proxies } = viewed(
    [{ name: "one", look: look({ refused }) }],
    new Map([["one", { full: 3, draining: 9, banned: 0 }]]),
  );
  expect(proxies[0]?.refused).toEqual([
    { reason: "full", total: 5, lately: 2 },
    { reason: "draining", total: 2, lately: 2 },
  ]);
});

test("hosts of two images are a roll that is going on; by ssh, packages tell them apart", () => {
  const at = (day: number) => look({ packagesAt: Date.UTC(2026, 10, day) / 1000 });
  const seen = [
    { name: "one", image: "north-2", look: at(20) },
    { name: "two", image: "/images/north-1/sip-proxy.qcow2", look: at(3) },
    { name: "three", why: "gone" },
  ];
  expect(viewed(seen).mixed).toEqual({ newest: "north-2", hosts: ["one"], others: ["two"] });
  expect(viewed(seen.map((one) => ({ ...one, image: undefined }))).mixed).toEqual({
    ...{ newest: "2026-11-20T00:00", hosts: ["one"], others: ["two"] },
  });
  expect(viewed(seen.slice(0, 1)).mixed).toBeNull();
});
