import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CallLab, pause, type Transport } from "../support/call-lab.js";
import { crowd, mostConnections, openConnections } from "../support/crowd.js";
import { eventually } from "../support/eventually.js";
import { proxiesWith } from "../support/proxies.js";

// TCP connections without calls: the guard of the SIP ports, and how long Kamailio keeps such connections.

const transports = ["tcp", "tls"] as const;
const brief = { rate: 20, holdMs: 300, rtp: { rate: 10 }, quiet: true } as const;

/** A connection that starts with an OPTIONS request. */
const options = (transport: Transport) => ({
  text: [
    "OPTIONS sip:198.51.100.10 SIP/2.0",
    `Via: SIP/2.0/${transport.toUpperCase()} {address}:{port};branch={branch}`,
    "From: <sip:crowd@{address}>;tag={tag}",
    "To: <sip:198.51.100.10>",
    "Call-ID: {callId}",
    "CSeq: 1 OPTIONS",
    "Max-Forwards: 70",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"),
});

/** Places calls over new connections while `act` runs; all of them must succeed. */
async function callsBeside(lab: CallLab, transport: Transport, act: () => Promise<unknown>) {
  // one connection per call
  const job = { ...brief, calls: 100, connections: 100, kind: "tcp-source-port", sipPort: 0 } as const;
  const calls = await lab.place({ ...job, targets: [lab.target(transport)] });
  await act();
  const { summary } = await calls.finished;
  expect(summary.outcomes, JSON.stringify(summary)).toEqual(ok(100));
}

/** The proxy's connection to the recorder over TCP. */
const own = 1;

/** The limit of connections without a request per source. */
const places = 128;

const ok = (calls: number) => ({ ok: calls, broken: 0, rejected: 0, timeout: 0, transport: 0 });

describe.each([
  { title: "with `trusted`", trusted: ["203.0.113.0/24"] },
  { title: "without `trusted`", trusted: [] },
])("$title", ({ trusted }) => {
  let lab: CallLab;
  beforeAll(async () => {
    const settings = { enable_tls: true, enable_antiflood: false, trusted };
    lab = await CallLab.start({ proxies: proxiesWith({ sipproxy0: settings }) });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  it.each(transports)(
    "10,000 connections of a stranger over %s cost the platform no call",
    async (transport) => {
      const target = lab.target(transport);
      await callsBeside(lab, transport, async () => {
        const strangers = crowd(lab, { target, holdMs: 2000 });
        const most = await mostConnections(lab, strangers);
        expect(await strangers).toMatchObject({ tried: 10_000, answered: 0 });
        // connections that were just closed count until Kamailio has noticed
        expect(most).toBeLessThanOrEqual(own + 100 + (trusted.length > 0 ? 0 : 2 * places));
      });
    },
  );
});

describe("with `trusted` and host_firewall", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { host_firewall: true } });
  });
  afterAll(() => lab?.stop());

  it("requests over UDP that come in fragments pass", async () => {
    const { summary } = await lab.calls({ ...brief, calls: 8, headers: [["X-Long", "x".repeat(5000)]] });
    expect(summary.outcomes).toEqual(ok(8));
  });

  it("a stranger's UDP does not reach Kamailio", async () => {
    await lab.send({ text: options("udp").text }, "stranger", { count: 10, rate: 100 });
    expect(await lab.proxy().kamcmd("stats.fetchn", "refused_strangers")).toContain("refused_strangers: 0");
    expect((await lab.proxy().run("nft", "list", "counter", "ip", "sip_proxy", "stranger")).stdout).toMatch(
      /packets 10 /,
    );
  });

  it("memory is there for as many connections as may be, each with its buffer", async () => {
    const { tcp_max_connections } = lab.host().settings;
    const connections = tcp_max_connections - 40;
    const memory = async (what: string) =>
      Number(new RegExp(`${what}: (\\d+)`).exec(await lab.proxy().kamcmd("core.shmmem"))?.[1]);
    const before = await memory("real_used");
    const job = { connections, rate: 500, payload: options("tcp"), holdMs: 6000 };
    const all = crowd(lab, job, "platform");
    await eventually(async () =>
      expect(await lab.proxy().kamcmd("core.tcp_info")).toMatch(/opened_connections: 20\d\d/),
    );
    const used = (await memory("real_used")) - before;
    expect(used).toBeGreaterThan(connections * 131_072);
    // the memory for calls must not have shrunk
    expect(await memory("free")).toBeGreaterThan(500 * 1024 ** 2);
    expect((await lab.calls({ ...brief, calls: 4, sipPort: 0 })).summary.outcomes).toEqual(ok(4));
    expect(await all).toMatchObject({ open: connections, answered: connections });
  });

  it("the guard is loaded anew under calls, which go on", async () => {
    const calls = await lab.place({ ...brief, calls: 60, connections: 60, targets: [lab.target("tcp")] });
    for (let n = 0; n < 20; n++) {
      await lab.proxy().step("guard", "reload");
      await pause(100);
    }
    expect((await calls.finished).summary.outcomes).toEqual(ok(60));
  });
});

describe("without `trusted`, connections", () => {
  let lab: CallLab;
  beforeAll(async () => {
    const settings = { enable_tls: true, enable_antiflood: false, trusted: [] };
    lab = await CallLab.start({ proxies: proxiesWith({ sipproxy0: settings }) });
  });
  afterAll(() => lab?.stop());

  it.each(transports)(
    "without a request are closed after some seconds, others stay (%s)",
    async (transport) => {
      const target = lab.target(transport);
      const idle = crowd(lab, { target, connections: 3, holdMs: 24_000 });
      const asks = { target, count: 2, rate: 1 / 24, replies: 2 };
      const answers = await lab.send(options(transport), "platform", asks);
      expect(answers.map((text) => text.slice(0, 11))).toEqual(["SIP/2.0 200", "SIP/2.0 200"]);
      expect(await idle).toMatchObject({ most: 3, open: 0 });
    },
  );

  it.each(transports)(
    "with a request are as many as a source likes; its limit ends none (%s)",
    async (transport) => {
      const target = lab.target(transport);
      // on a busy machine, requests follow their connections late; until then, the connections count as unused
      const speaking = { target, connections: 300, unanswered: places / 4, payload: options(transport) };
      const busy = crowd(lab, { ...speaking, holdMs: 30_000 });
      await eventually(
        async () => expect(await openConnections(lab)).toBeGreaterThanOrEqual(own + 300),
        60_000,
      );
      const most = await mostConnections(lab, crowd(lab, { target, connections: 1000, holdMs: 1000 }));
      expect(await busy).toEqual({ event: "crowd", tried: 300, most: 300, open: 300, answered: 300 });
      expect(most).toBeGreaterThan(own + 300);
      // connections that were just closed count until Kamailio has noticed
      expect(most).toBeLessThanOrEqual(own + 300 + 2 * places);
    },
  );

  it("of strangers from many addresses leave room for who has called before", async () => {
    const localAddresses = Array.from({ length: 100 }, (_, n) => `192.0.2.${n + 100}`);
    const { device } = lab.network.port("stranger");
    for (const address of localAddresses) {
      await lab.on("stranger", "ip", "address", "add", `${address}/32`, "dev", "eth0");
      await lab.on("internet", "ip", "route", "add", `${address}/32`, "dev", device);
    }
    const target = lab.target("tcp");
    await lab.calls({ ...brief, calls: 4, targets: [target] });
    await callsBeside(lab, "tcp", async () => {
      const most = await mostConnections(
        lab,
        crowd(lab, { target, localAddresses, connections: 4000, rate: 2000, holdMs: 2000 }),
      );
      expect(most).toBeLessThanOrEqual(own + 100 + lab.host().settings.tcp_max_connections / 2);
      expect(most).toBeGreaterThan(2 * places);
    });
  });
});
