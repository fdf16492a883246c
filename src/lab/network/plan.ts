import type { Command } from "../../do/process.js";
import { gatewayRules, masqueradeRules } from "./rules.js";
import type { LanHost, PlatformHost, Topology } from "./topology.js";

/**
 * The routers' addresses on their links. Hosts need no common subnet with them (`onlink`). Each router has a different address: with the
 * address of its next hop, it would not answer that hop's ARP requests, and would be unreachable after some 30 s.
 */
const ROUTER = "169.254.0.1";
const GATEWAY = "169.254.0.2";
const NAT = "169.254.0.3";

/** Namespace and device at the other end of a host's connection. */
export interface Port {
  part: "internet" | "lan";
  device: string;
}

/** All steps to build a network, in order. `full`: returns the namespace of a part. */
export interface Plan {
  namespaces: string[];
  commands: Command[];
  ports: Map<string, Port>;
}

/** Collects the lines for one `ip -batch` per namespace, in the order in which the namespaces were first used. */
class Batches {
  readonly lines = new Map<string, string[]>();

  add(part: string, ...lines: string[]): void {
    this.lines.set(part, [...(this.lines.get(part) ?? ["link set lo up"]), ...lines]);
  }
}

export function plan(topology: Topology, full: (part: string) => string): Plan {
  const batches = new Batches();
  const ports = new Map<string, Port>();
  const device = (name: string, part: Port["part"]) => {
    const port = { part, device: `port${ports.size}` };
    ports.set(name, port);
    return port.device;
  };
  const { platforms, lan } = topology;
  batches.add("lan", "link add name lan type bridge", "link set lan up");
  if (lan.bridge !== undefined) batches.add("lan", `addr add ${lan.bridge}/${lan.bits} dev lan`);
  batches.add("internet", "route add unreachable default");
  for (const host of platforms) planPlatform(batches, host, device(host.name, "internet"), full);
  planGateway(batches, topology, device("gateway", "internet"), full);
  for (const host of lan.hosts) planLanHost(batches, topology, host, device(host.name, "lan"), full);
  const behind = platforms.filter((host) => host.behind !== undefined).map((host) => `${host.name}-nat`);
  const routers = ["internet", "gateway", ...behind];
  const parts = [...batches.lines.keys()];
  return {
    namespaces: parts.map(full),
    ports,
    commands: [
      batch(
        [],
        parts.map((part) => `netns add ${full(part)}`),
      ),
      ...parts.map((part) => sysctl(full(part), routers.includes(part))),
      ...parts.map((part) => batch(["-n", full(part)], batches.lines.get(part) ?? [])),
      nft(full("gateway"), gatewayRules(lan.hosts)),
      ...platforms.flatMap(({ name, behind: address }) =>
        address === undefined ? [] : [nft(full(`${name}-nat`), masqueradeRules(address))],
      ),
    ],
  };
}

/** A connection from a router's port to a host with one address and that router as default gateway. */
function cable(batches: Batches, router: Router, host: string, address: string, full: Full): void {
  batches.add(
    router.part,
    `link add name ${router.device} type veth peer name eth0 netns ${full(host)}`,
    `addr add ${router.address}/32 dev ${router.device}`,
    `link set ${router.device} up`,
    `route add ${address}/32 dev ${router.device}`,
  );
  batches.add(
    host,
    `addr add ${address}/32 dev eth0`,
    "link set eth0 up",
    `route add default via ${router.address} dev eth0 onlink`,
  );
}

/** The router's end of a connection. */
interface Router {
  part: string;
  device: string;
  address: string;
}

type Full = (part: string) => string;

function planPlatform(batches: Batches, host: PlatformHost, port: string, full: Full): void {
  const internet = { part: "internet", device: port, address: ROUTER };
  if (host.behind === undefined) return cable(batches, internet, host.name, host.address, full);
  const nat = { part: `${host.name}-nat`, device: "inside", address: NAT };
  cable(batches, internet, nat.part, host.behind, full);
  cable(batches, nat, host.name, host.address, full);
}

function planGateway(batches: Batches, { lan }: Topology, port: string, full: Full): void {
  const inside = lan.hosts.flatMap((host) => host.aliases ?? []);
  batches.add(
    "internet",
    `link add name ${port} type veth peer name wan netns ${full("gateway")}`,
    `addr add ${ROUTER}/32 dev ${port}`,
    `link set ${port} up`,
    ...publicAddresses(lan.hosts).map(
      (address) => `route add ${address}/32 via ${GATEWAY} dev ${port} onlink`,
    ),
  );
  batches.add("lan", `link add name gateway type veth peer name lan netns ${full("gateway")}`);
  batches.add("lan", "link set gateway master lan up");
  batches.add(
    "gateway",
    `addr add ${GATEWAY}/32 dev wan`,
    "link set wan up",
    `addr add ${lan.gateway}/${lan.bits} dev lan`,
    "link set lan up",
    `route add default via ${ROUTER} dev wan onlink`,
    ...inside.map((address) => `route add ${address}/32 dev lan`),
  );
}

function planLanHost(batches: Batches, { lan }: Topology, host: LanHost, port: string, full: Full): void {
  if (host.attach === "machine") return;
  batches.add(
    "lan",
    `link add name ${port} type veth peer name eth0 netns ${full(host.name)}`,
    `link set ${port} master lan up`,
  );
  const addresses = [`${host.address}/${lan.bits}`, ...(host.aliases ?? []).map((alias) => `${alias}/32`)];
  batches.add(
    host.name,
    ...addresses.map((address) => `addr add ${address} dev eth0`),
    "link set eth0 up",
    `route add default via ${lan.gateway} dev eth0`,
  );
}

function publicAddresses(hosts: LanHost[]): string[] {
  return hosts.flatMap((host) => (host.publicAddress === undefined ? [] : [host.publicAddress]));
}

function batch(options: string[], lines: string[]): Command {
  return { argv: ["ip", ...options, "-batch", "-"], input: lines.map((line) => `${line}\n`).join("") };
}

function nft(namespace: string, rules: string): Command {
  return { argv: ["ip", "netns", "exec", namespace, "nft", "-f", "-"], input: rules };
}

/** Turns off IPv6, to avoid its background traffic. Routers forward packets and do not check sources. */
function sysctl(namespace: string, router: boolean): Command {
  const forward = router ? ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0"] : [];
  const settings = [
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
    "net.ipv4.conf.default.rp_filter=0",
    ...forward,
  ];
  return { argv: ["ip", "netns", "exec", namespace, "sysctl", "-eqw", ...settings] };
}
