import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { portShares } from "../../src/relay/rtpproxy.js";
import { runPlatform } from "../../src/lab/agents.js";
import { CallLab, callers, withEachRelay } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { inTime } from "../support/in-time.js";
import { proxiesWith } from "../support/proxies.js";
import { allArrived } from "../support/recorded-packets.js";
import { PATIENCE, slackFromNow } from "../support/slack.js";

// sip_udp_port, sip_tcp_port, sip_private_port, rtp_start, rtp_stop, rtp_dscp, max_calls, tcp_max_connections,
// tcp_connection_lifetime.

const udp = (last: number) => ({
  private_ip_address: `10.0.0.${last}`,
  siprec_port: 5060,
  siprec_protocol: "udp",
});

const proxies = proxiesWith({
  moved: {
    ...{ sip_udp_port: 5190, sip_tcp_port: 5191, sip_private_port: 5192 },
    ...{ rtp_start: 31000, rtp_stop: 38999, expected_calls: 600 },
  },
  narrow: { tcp_max_connections: 6, tcp_connection_lifetime: 5 },
  few: { max_calls: 4, rtp_dscp: 34 },
});

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ proxies, recorders: { recorder0: udp(3), recorder1: udp(4) } }, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  it.each([
    ["udp", 5190],
    ["tcp", 5191],
  ] as const)(
    "sip_%s_port: calls are taken at %i alone, and sip_private_port is shown to recorders",
    async (transport, port) => {
      expect(lab.target(transport, "moved").port).toBe(port);
      const job = { calls: 2, holdMs: 100, rtp: { rate: 0 }, timers: { giveUp: 1000 } };
      const there = await lab.calls({ ...job, targets: [lab.target(transport, "moved")] });
      expect(there.summary.outcomes.ok).toBe(2);
      const invites = [...lab.recorders.values()].flatMap((recorder) => recorder.invites);
      expect(invites.map(({ source }) => source.port)).toEqual([5192, 5192]);
      for (const { recordRoutes } of there.calls)
        expect(recordRoutes.join()).toContain(`198.51.100.10:${port}`);
      const usual = { transport, address: "198.51.100.10", port: 5080 };
      const elsewhere = await lab.calls({ ...job, calls: 1, targets: [usual], connectTimeoutMs: 1000 });
      expect(elsewhere.summary.outcomes.ok).toBe(0);
    },
  );

  it("rtp_start, rtp_stop: no program that asks for any port is given one of these; what others reserved stays", async () => {
    const proxy = lab.proxy("moved");
    const reserved = "/proc/sys/net/ipv4/ip_local_reserved_ports";
    await proxy.run("bash", "-c", `echo 40000-40001 >${reserved}`);
    await proxy.step("reserve-ports");
    expect((await proxy.run("cat", reserved)).stdout.trim()).toBe("31000-38999,40000-40001");
    const ask = `
import socket
them = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(900)]
for one in them: one.bind(("0.0.0.0", 0))
print(min(one.getsockname()[1] for one in them))`;
    expect(Number((await proxy.run("/usr/bin/python3", "-c", ask)).stdout)).toBeGreaterThan(38_999);
    await proxy.run("bash", "-c", "echo '32768 40000' >/proc/sys/net/ipv4/ip_local_port_range");
    expect(await proxy.step("reserve-ports")).toMatch(/leave few other ports to this host/);
    await proxy.run("bash", "-c", "echo '32768 60999' >/proc/sys/net/ipv4/ip_local_port_range");
  });

  it("max_calls: what is offered beyond it is refused at once and goes elsewhere, and no packet of the others is lost", () =>
    inTime(lab, async () => {
      const logged = lab.proxy("few").log.length;
      const job = { targets: [lab.target("udp", "few")], rate: 20, sipPort: 0 };
      const platform = await lab.place({ ...job, calls: 4, holdMs: null });
      await platform.allPlaced();
      const ask = () => lab.ask("platform", { target: lab.target("udp", "few") });
      expect(await ask()).toEqual([503]);
      const slack = slackFromNow();
      const more = await lab.calls({ ...job, calls: 4, holdMs: 50 });
      expect(more.summary.byStatus).toEqual({ 503: 4 });
      expect(Math.max(...more.calls.map(({ setUpMs }) => setUpMs))).toBeLessThan(1000 + slack());
      expect(
        (await lab.calls({ ...job, targets: [lab.target("udp", "moved")], calls: 1, holdMs: 50 })).summary
          .outcomes.ok,
      ).toBe(1);
      expect(await platform.reinviteAll()).toEqual({ 200: 4 });
      await platform.byeAll();
      const report = await platform.finished;
      expect(report.summary.outcomes.ok).toBe(4);
      await allArrived(lab, [report]);
      await eventually(async () => expect(await ask()).toEqual([200]));
      expect(lab.proxy("few").log.join("\n")).toContain("takes up to 4 calls at once");
      const log = lab.proxy("few").log.slice(logged).join("\n");
      expect(log.match(/CALL event=failed .* status=503 setup_ms=0 reason=full/g)).toHaveLength(4);
    }));

  it("while its relay is full, a host refuses calls, and answers OPTIONS with 503", async () => {
    const fill = async () => {
      for (const { number } of portShares(lab.host("few").settings))
        await lab.proxy("few").kamcmd("htable.seti", "full", `s:${number}`, "1");
    };
    await fill();
    expect(await lab.proxy("few").kamcmd("htable.dump", "full")).toContain("name: 1");
    const job = { targets: [lab.target("udp", "few")], calls: 2, rate: 20, holdMs: 50, sipPort: 0 };
    await fill();
    expect((await lab.calls(job)).summary.byStatus).toEqual({ 503: 2 });
    // the mark expires unless it is renewed
    await fill();
    expect(await lab.ask("platform", { target: lab.target("udp", "few") })).toEqual([503]);
    await eventually(async () => expect((await lab.calls(job)).summary.byStatus).toEqual({ 200: 2 }));
  });

  it("rtp_dscp: marks all RTP that is relayed; 46 (EF) when it is not given", async () => {
    const counted = async (proxy: "few" | "moved", dscp: number) => {
      const rules = ["==", "!="].map(
        (is) =>
          `ip dscp ${is} ${dscp} udp dport >= 10000 ip saddr ${lab.host(proxy).private_ip_address} counter`,
      );
      const table = `table ip marks { chain in { type filter hook input priority 0; ${rules.join("; ")}; }; }`;
      for (const name of lab.recorders.keys())
        expect(await lab.on(name, "nft", table)).toMatchObject({ exitCode: 0 });
      await lab.calls({ targets: [lab.target("udp", proxy)], calls: 2, holdMs: 300 });
      const counts = [];
      for (const name of lab.recorders.keys()) {
        const { stdout } = await lab.on(name, "nft", "list table ip marks");
        counts.push([...stdout.matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count)));
        await lab.on(name, "nft", "delete table ip marks");
      }
      return counts.reduce(([a = 0, b = 0], [c = 0, d = 0]) => [a + c, b + d], [0, 0]);
    };
    for (const [proxy, dscp] of [
      ["few", 34],
      ["moved", 46],
    ] as const) {
      const [marked, others] = await counted(proxy, dscp);
      expect(marked, proxy).toBeGreaterThan(20);
      expect(others, proxy).toBe(0);
    }
  });

  it("rtp_start and rtp_stop hold all ports of media on both sides, each instance its own", async () => {
    const target = lab.target("udp", "moved");
    const { calls } = await lab.calls({
      calls: 16,
      rate: 40,
      holdMs: 100,
      rtp: { rate: 20 },
      targets: [target],
    });
    const offers = new Map(
      [...lab.recorders.values()].flatMap(({ invites }) =>
        invites.map(({ callId, offer }) => [callId, offer]),
      ),
    );
    const instances = portShares(lab.host("moved").settings);
    expect(instances).toHaveLength(2);
    const used = new Set<string>();
    for (const { callId, answer, recordRoutes } of calls) {
      const number = /;m=(\d+)/.exec(recordRoutes.join())?.[1] ?? "";
      used.add(number);
      const whole = { firstPort: 31000, lastPort: 38999 };
      const own = relay === "rtpproxy" ? (instances[Number(number) - 1] ?? expect.fail()) : whole;
      const ports = [...answer, ...(offers.get(callId) ?? [])].map((stream) => stream.port);
      expect(ports).toHaveLength(4);
      for (const port of ports) {
        expect(port).toBeGreaterThanOrEqual(own.firstPort);
        expect(port).toBeLessThanOrEqual(own.lastPort);
      }
    }
    expect(used).toEqual(new Set(relay === "rtpproxy" ? ["1", "2"] : ["1"]));
  });

  it("tcp_max_connections: of ten connections six are taken, and UDP is as before", async () => {
    const job = { calls: 10, rate: 20, holdMs: 1000, rtp: { rate: 0 }, timers: { giveUp: 10_000 } };
    const many = { ...job, connections: 10, targets: [lab.target("tcp", "narrow")] };
    const { summary } = await lab.calls(many);
    expect(summary.outcomes.ok).toBe(6);
    const udpToo = await lab.calls({ ...job, targets: [lab.target("udp", "narrow")] });
    expect(udpToo.summary.outcomes.ok).toBe(10);
  });

  it("tcp_connection_lifetime: a connection that is idle after a request is closed after it, one of a longer life is not", async () => {
    const headers = [
      `Via: SIP/2.0/TCP ${callers.platform.address}:5060;branch=z9hG4bK-idle;rport`,
      `From: <sip:platform@${callers.platform.address}>;tag=idle`,
      "To: <sip:proxy@example.com>",
      "Call-ID: idle",
      "CSeq: 1 OPTIONS",
      "Max-Forwards: 70",
      "Content-Length: 0",
    ];
    const text = ["OPTIONS sip:proxy@example.com SIP/2.0", ...headers, "", ""].join("\r\n");
    // a worker keeps a connection for 5 s after its last bytes; then its lifetime begins
    const closed = async (proxy: string, waitMs: number) => {
      const target = lab.target("tcp", proxy);
      const usual = { localAddress: callers.platform.address, target, sipPort: 0 };
      const events = await runPlatform(lab.network.namespace("platform"), {
        ...{ type: "raw", payload: { text }, waitMs },
        ...usual,
      });
      return events.some((event) => event.event === "sent" && event.closed);
    };
    expect(await Promise.all([closed("narrow", PATIENCE), closed("moved", 14_000)])).toEqual([true, false]);
  });
});
