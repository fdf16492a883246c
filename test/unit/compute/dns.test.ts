import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dnsRecords, givenTargets, instanceTarget, keptTarget } from "../../../src/compute/dns/records.js";
import { zoneLines } from "../../../src/compute/dns/zone.js";
import { runCli } from "../../support/cloud/cli.js";
import { fleetOf } from "../../support/fleets.js";

const proxies = {
  sipproxy10: { public_ip_address: "198.51.100.12", private_ip_address: "10.0.0.12" },
  sipproxy2: { public_ip_address: "198.51.100.11", private_ip_address: "10.0.0.11", dns_weight: 30 },
  Standby: {
    public_ip_address: "198.51.100.13",
    private_ip_address: "10.0.0.13",
    dns_priority: 20,
    sip_udp_port: 5062,
    enable_tls: true,
  },
};

describe("the records of a fleet", () => {
  const fleet = fleetOf({ proxies, dns: { ttl: 30 } });
  const records = dnsRecords("sip.example.com", fleet.dns, givenTargets(fleet.hosts));

  test("name every proxy, the preferred first, with its ports, priority and weight", () => {
    expect(zoneLines(records)).toBe(
      [
        "_sip._udp.sip.example.com.  30 IN SRV 10 30 5080 sipproxy2.sip.example.com.",
        "_sip._udp.sip.example.com.  30 IN SRV 10 10 5080 sipproxy10.sip.example.com.",
        "_sip._udp.sip.example.com.  30 IN SRV 20 10 5062 standby.sip.example.com.",
        "_sip._tcp.sip.example.com.  30 IN SRV 10 30 5080 sipproxy2.sip.example.com.",
        "_sip._tcp.sip.example.com.  30 IN SRV 10 10 5080 sipproxy10.sip.example.com.",
        "_sip._tcp.sip.example.com.  30 IN SRV 20 10 5080 standby.sip.example.com.",
        "_sips._tcp.sip.example.com. 30 IN SRV 20 10 5061 standby.sip.example.com.",
        "sipproxy2.sip.example.com.  30 IN A   198.51.100.11",
        "sipproxy10.sip.example.com. 30 IN A   198.51.100.12",
        "standby.sip.example.com.    30 IN A   198.51.100.13",
        "",
      ].join("\n"),
    );
  });

  test("have a target for each SRV record, with an address and no alias (RFC 2782)", () => {
    const addressed = records.flatMap((record) => (record.type === "A" ? [record.name] : []));
    const targets = records.flatMap((record) => (record.type === "SRV" ? [record.target] : []));
    expect(new Set(targets)).toEqual(new Set(addressed));
  });

  test("lead to the domain itself where a group's instances keep its addresses", () => {
    const group = { name: "g", hosted_zone_id: "Z0123456789ABC" };
    const dns = { domain: "sip.example.com" };
    const kept = fleetOf({ proxies: {}, group, dns });
    expect(zoneLines(dnsRecords("sip.example.com", kept.dns, kept.hosts.map(keptTarget)))).toBe(
      [
        "_sip._udp.sip.example.com. 60 IN SRV 10 10 5080 sip.example.com.",
        "_sip._tcp.sip.example.com. 60 IN SRV 10 10 5080 sip.example.com.",
        "",
      ].join("\n"),
    );
  });

  test("name a group's instances by their addresses, in labels that DNS takes", () => {
    const [host] = fleetOf({ proxies: {}, group: { name: `g${"x".repeat(60)}` } }).hosts;
    if (!host) expect.fail("no group");
    const { label } = instanceTarget(host, "198.51.100.111");
    expect(label).toMatch(/^x+-198-51-100-111$/);
    expect(label).toHaveLength(63);
  });
});

describe("sip-proxy dns", () => {
  const folder = mkdtempSync(join(tmpdir(), "dns-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (parts: object) => {
    const path = join(folder, "fleet.yaml");
    const fleet = {
      fleet: "test",
      database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
      settings: { trusted: ["203.0.113.0/24"] },
      recorders: { recorder0: { private_ip_address: "10.0.0.3" } },
      proxies: { sipproxy0: { public_ip_address: "198.51.100.11", private_ip_address: "10.0.0.11" } },
      ...parts,
    };
    writeFileSync(path, JSON.stringify(fleet));
    return path;
  };
  const auto = { sipproxy1: { public_ip_address: "auto", private_ip_address: "auto" } };

  test("prints the same as JSON, under --format json and --json", async () => {
    const fleet = file({ dns: { domain: "SIP.example.com" } });
    const { code, stdout } = await runCli(["dns", fleet, "--format", "json"]);
    expect(code).toBe(0);
    expect((await runCli(["dns", fleet, "--json"])).stdout).toBe(stdout);
    expect(JSON.parse(stdout)).toEqual({
      domain: "sip.example.com",
      records: [
        ...["_sip._udp", "_sip._tcp"].map((service) => ({
          name: `${service}.sip.example.com`,
          type: "SRV",
          ttl: 60,
          priority: 10,
          weight: 10,
          port: 5080,
          target: "sipproxy0.sip.example.com",
        })),
        { name: "sipproxy0.sip.example.com", type: "A", ttl: 60, address: "198.51.100.11" },
      ],
    });
  });

  test("takes --domain before the fleet file's, with or without its last dot", async () => {
    const fleet = file({ dns: { domain: "sip.example.com" } });
    const { stdout } = await runCli(["dns", fleet, "--domain", "voice.example.net."]);
    expect(stdout).toContain(
      "_sip._udp.voice.example.net. 60 IN SRV 10 10 5080 sipproxy0.voice.example.net.",
    );
    expect(stdout).not.toContain("sip.example.com");
  });

  test("says which proxies have no records, and why", async () => {
    const known = { sipproxy0: { public_ip_address: "198.51.100.11", private_ip_address: "10.0.0.11" } };
    const fleet = file({ proxies: { ...known, ...auto } });
    const { code, stdout, stderr } = await runCli(["dns", fleet, "--domain", "sip.example.com"]);
    expect([code, stderr]).toEqual([
      0,
      "no records for sipproxy1: its public_ip_address is auto (--target ec2 looks it up in EC2)\n",
    ]);
    expect(stdout).not.toContain("sipproxy1");
  });

  test.each([
    ["no domain", [], /no domain is given[^]*--domain sip.example.com/, 2],
    ["a domain that is none", ["--domain", "sip_.example"], /--domain must be a domain such as/, 2],
    ["no address at all", ["--domain", "sip.example.com"], /no proxy of test has a public address/, 1],
  ])("refuses %s", async (_, argv, message, exit) => {
    const { code, stdout, stderr } = await runCli(["dns", file({ proxies: auto }), ...argv]);
    expect([code, stdout]).toEqual([exit, ""]);
    expect(stderr).toMatch(message);
  });
});
