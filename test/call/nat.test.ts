import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { imageSources } from "../../src/do/assets.js";
import type { RawJob } from "../../src/lab/agents.js";
import { gatewayRules } from "../../src/lab/network/rules.js";
import { CallLab, withEachRelay } from "../support/call-lab.js";
import { proxiesWith } from "../support/proxies.js";

// NAT as in the documentation: enable_NAT_keepalive, registered peers behind a NAT, and a changing public address.

/** Kamailio's baked modules.cfg, with pings every 2 s for 30 s. */
function quickPings() {
  const path = "etc/kamailio/sip-proxy/modules.cfg";
  const baked = imageSources().rootfs.find((file) => file.path === path);
  const content = String(baked?.content).replace('"natping_interval", 30', '"natping_interval", 2');
  if (content === String(baked?.content)) throw new Error("modules.cfg has no natping_interval");
  return { path, content };
}

const keepalive = { trusted: ["203.0.113.0/24"], enable_registrar: true };

describe("enable_NAT_keepalive", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start(
      {
        proxies: proxiesWith({
          pinging: { ...keepalive, enable_NAT_keepalive: true },
          respelt: { ...keepalive, enable_nat_keepalive: "true" },
          quiet: keepalive,
          closed: { enable_NAT_keepalive: true },
        }),
      },
      { files: [quickPings()] },
    );
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  /** Requests that a peer behind NAT receives after its registration. */
  const heard = (proxy: string, user: string, until: Partial<RawJob> = { waitMs: 6000 }) => {
    const { address, port } = lab.target("udp", proxy);
    const text = [
      `REGISTER sip:${address}:${port} SIP/2.0`,
      "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
      "Max-Forwards: 70",
      `From: <sip:${user}@${address}>;tag={tag}`,
      `To: <sip:${user}@${address}>`,
      "Call-ID: {callId}",
      "CSeq: 1 REGISTER",
      `Contact: <sip:${user}@{address}:{port}>`,
      "Expires: 60",
      "Content-Length: 0\r\n\r\n",
    ].join("\r\n");
    return lab.send({ text }, "natted", { target: { transport: "udp", address, port }, ...until });
  };

  it("OPTIONS that show the public address keep a registered peer's NAT open; in either spelling", async () => {
    const all = await Promise.all([
      heard("pinging", "one", { replies: 3 }),
      heard("respelt", "two", { replies: 3 }),
      heard("quiet", "three"),
    ]);
    for (const texts of all) expect(texts[0]).toMatch(/^SIP\/2.0 200/);
    const pings = all.map((texts) => texts.filter((text) => text.startsWith("OPTIONS ")));
    expect(pings[0]?.length).toBeGreaterThanOrEqual(2);
    expect(pings[1]?.length).toBeGreaterThanOrEqual(2);
    expect(pings[2]).toEqual([]);
    for (const text of pings[0] ?? []) {
      expect(text).toMatch(/^Via: SIP\/2.0\/UDP 198\.51\.100\.10:5080/m);
      expect(text).toMatch(/^From: <?sip:pinger@198\.51\.100\.10/m);
    }
  });

  it("without enable_registrar nobody registers", async () => {
    expect((await heard("closed", "four", { replies: 1 }))[0]).toMatch(/^SIP\/2.0 403/);
  });

  it.each(["pinging", "quiet"])("calls are as before, the recorder's BYE too (%s)", async (proxy) => {
    const platform = await lab.place({ targets: [lab.target("udp", proxy)], calls: 4, holdMs: null });
    expect(await platform.allPlaced()).toMatchObject({ up: 4 });
    await lab.acknowledged();
    for (const recorder of lab.recorders.values()) {
      expect(
        recorder.invites.map(({ recordRoute }) => /10\.0\.0\.10\d:5070/.test(recordRoute[0] ?? "")),
      ).toEqual([true, true]);
      expect(await recorder.bye()).toEqual({ status: 200, count: 2 });
    }
    expect((await platform.finished).summary).toMatchObject({ errors: {}, outcomes: { ok: 4 } });
  });
});

withEachRelay((relay) => {
  it("an address that changed is in force after the next boot, in SIP and in media", async () => {
    const lab = await CallLab.start({}, { relay });
    try {
      const proxy = lab.proxy();
      const moved = "198.51.100.99";
      await proxy.kill("kamailio");
      await proxy.kill(relay);
      // changes the gateway's public address
      const [lan] = lab.network.topology.lan.hosts.filter(({ name }) => name === "sipproxy0");
      const rules = gatewayRules([{ name: "sipproxy0", address: lan?.address ?? "", publicAddress: moved }]);
      await lab.on("gateway", "bash", "-c", `nft flush ruleset; nft -f - <<'END'\n${rules}\nEND`);
      const port = /dev (\S+)/.exec(
        (await lab.on("internet", "ip", "route", "show", "198.51.100.10")).stdout,
      )?.[1];
      await lab.on(
        "internet",
        "ip",
        "route",
        "add",
        moved,
        "via",
        "169.254.0.2",
        "dev",
        port ?? "",
        "onlink",
      );
      // the host's file after user-data with another address
      await proxy.run(
        "sed",
        "-i",
        `s/^PUBLIC_IP_ADDRESS=.*/PUBLIC_IP_ADDRESS=${moved}/`,
        "/etc/sip-proxy/host.env",
      );
      await proxy.step("configure");
      await proxy.step("database");
      await proxy.startRelay();
      await proxy.startKamailio();
      const target = { transport: "udp" as const, address: moved, port: 5080 };
      const { calls, summary } = await lab.calls({
        targets: [target],
        calls: 4,
        holdMs: 500,
        reinvite: "once",
      });
      expect(summary).toMatchObject({ errors: {}, outcomes: { ok: 4 } });
      for (const { answer, recordRoutes } of calls) {
        expect(answer.map(({ address }) => address)).toEqual([moved, moved]);
        expect(recordRoutes.join()).toContain(`sip:${moved}`);
        expect(recordRoutes.join()).not.toContain("198.51.100.10:");
      }
      const packets = (await lab.recorded()).flatMap(({ streams }) =>
        streams.map((stream) => stream.packets),
      );
      expect(packets.reduce((sum, n) => sum + n, 0)).toBe(summary.rtpPackets);
    } finally {
      await lab.stop();
    }
  });
});
