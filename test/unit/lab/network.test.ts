import { describe, expect, it } from "vitest";
import { inNamespace, Network } from "../../../src/lab/network.js";
import { plan } from "../../../src/lab/network/plan.js";
import { gatewayRules, lossRules } from "../../../src/lab/network/rules.js";
import { faults, type Topology } from "../../../src/lab/network/topology.js";

const topology: Topology = {
  platforms: [
    { name: "platform", address: "203.0.113.10" },
    { name: "natted", address: "192.168.77.10", behind: "198.51.100.20" },
  ],
  lan: {
    bits: 24,
    gateway: "10.0.0.254",
    bridge: "10.0.0.250",
    hosts: [
      { name: "proxy0", address: "10.0.0.1", publicAddress: "192.0.2.1" },
      { name: "proxy1", address: "10.0.0.2", publicAddress: "192.0.2.2", attach: "machine" },
      { name: "recorder0", address: "10.0.0.3", aliases: ["169.254.169.254"] },
    ],
  },
};

const planned = plan(topology, (part) => `P-${part}`);
const linesIn = (namespace: string) =>
  planned.commands.find((command) => command.argv[2] === namespace && command.argv[1] === "-n")?.input ?? "";

describe("the plan", () => {
  it("has a namespace for each host and part, but none for a virtual machine", () => {
    const names = ["lan", "internet", "platform", "natted-nat", "natted", "gateway", "proxy0", "recorder0"];
    expect([...planned.namespaces].sort()).toEqual(names.map((name) => `P-${name}`).sort());
  });

  it("touches nothing outside of its namespaces", () => {
    for (const { argv, input } of planned.commands) {
      expect(argv[0]).toBe("ip");
      const inside =
        (argv[1] === "-n" && argv[2]?.startsWith("P-")) || (argv[1] === "netns" && argv[3]?.startsWith("P-"));
      const creates =
        argv[1] === "-batch" && input?.split("\n").every((line) => /^(netns add P-.*)?$/.test(line));
      expect(inside || creates, argv.join(" ")).toBe(true);
    }
  });

  it("leads public addresses to the gateway and only what is public to the platforms", () => {
    expect(linesIn("P-internet")).toContain("route add 192.0.2.1/32 via 169.254.0.2");
    expect(linesIn("P-internet")).toContain("route add 198.51.100.20/32 dev");
    expect(linesIn("P-internet")).not.toContain("192.168.77.10");
    expect(linesIn("P-internet")).not.toContain("10.0.0.");
  });

  it("keeps a port of the bridge for a machine, and leaves plugging in to who runs it", () => {
    const port = planned.ports.get("proxy1");
    expect(port?.part).toBe("lan");
    expect(linesIn("P-lan")).not.toContain(port?.device);
  });

  it("gives no router the address of its own next hop", () => {
    for (const namespace of planned.namespaces) {
      const lines = linesIn(namespace);
      const own = [...lines.matchAll(/addr add ([\d.]+)\//g)].map((match) => match[1]);
      const hops = [...lines.matchAll(/via ([\d.]+)/g)].map((match) => match[1]);
      expect(
        own.filter((address) => hops.includes(address)),
        namespace,
      ).toEqual([]);
    }
  });

  it("is the same every time", () => {
    expect(plan(topology, (part) => `P-${part}`)).toEqual(planned);
  });
});

describe("the rules", () => {
  it("translate 1:1 both ways, and let nothing else pass", () => {
    const rules = gatewayRules(topology.lan.hosts);
    expect(rules).toContain("dnat to ip daddr map { 192.0.2.1 : 10.0.0.1, 192.0.2.2 : 10.0.0.2 }");
    expect(rules).toContain("snat to ip saddr map { 10.0.0.1 : 192.0.2.1, 10.0.0.2 : 192.0.2.2 }");
    expect(rules).toContain("policy drop");
    expect(rules).not.toContain("10.0.0.3");
  });

  it("without public hosts translate nothing", () => {
    expect(gatewayRules([])).not.toContain("nat");
  });

  it("lose a share, everything or nothing", () => {
    expect(lossRules("port1", 20)).toContain("numgen random mod 1000 < 20 drop");
    expect(lossRules("port1", 1000)).not.toContain("numgen");
    expect(lossRules("port1", 0)).not.toContain("chain");
  });
});

it("a topology with faults is refused", () => {
  const wrong: Topology = {
    platforms: [{ name: "lan", address: "10.0.0.1" }],
    lan: { bits: 24, gateway: "10.0.0.1", hosts: [{ name: "a b", address: "10.0.0.2" }] },
  };
  expect(faults(wrong)).toEqual([
    "the name lan is taken twice",
    "the address 10.0.0.1 is taken twice",
    "not a name: a b",
  ]);
  expect(() => new Network(wrong)).toThrow("topology");
});

it("networks do not share names, and tell how to run a program on a host", () => {
  const [one, two] = [new Network(topology), new Network(topology)];
  expect(one.prefix).not.toBe(two.prefix);
  expect(one.inNamespace("proxy0", ["true"])).toEqual(inNamespace(`${one.prefix}-proxy0`, ["true"]));
  expect(one.port("proxy1").netns).toBe(`${one.prefix}-lan`);
  expect(() => one.port("nobody")).toThrow("no host nobody");
});
