/** A voice platform on the internet side. */
export interface PlatformHost {
  name: string;
  /** A public address; or a private one if the platform has a NAT. */
  address: string;
  /** The public address of the platform's NAT, which changes source ports and admits only answers. */
  behind?: string;
}

/** A host on the private side: a proxy, a recorder, a database. */
export interface LanHost {
  name: string;
  address: string;
  /** The public address for the gateway's 1:1 NAT. Without one, the host cannot reach the internet. */
  publicAddress?: string;
  /** More addresses, such as that of a metadata service; the gateway has routes to them. */
  aliases?: string[];
  /** `machine`: no namespace; the one who runs the machine connects it to the LAN's bridge. */
  attach?: "namespace" | "machine";
}

/** The README's picture: platforms, the internet, a 1:1 NAT gateway, and a private network behind it. */
export interface Topology {
  platforms: PlatformHost[];
  lan: {
    /** Bits of the private network's mask. */
    bits: number;
    /** The gateway's private address. */
    gateway: string;
    /** An address for the bridge itself, for programs that run in its namespace (QEMU, ssh). */
    bridge?: string;
    hosts: LanHost[];
  };
}

/** Names that stand for the parts that every network has. */
const PARTS = ["internet", "gateway", "lan"];

/** Faults of a topology: duplicate or reserved names, duplicate addresses. */
export function faults(topology: Topology): string[] {
  const hosts = [...topology.platforms, ...topology.lan.hosts];
  const names = [...PARTS, ...hosts.map((host) => host.name)];
  const addresses = [
    ...topology.platforms.flatMap((host) => [host.address, host.behind]),
    ...topology.lan.hosts.flatMap((host) => [host.address, host.publicAddress, ...(host.aliases ?? [])]),
    topology.lan.gateway,
    topology.lan.bridge,
  ].filter((address) => address !== undefined);
  return [
    ...twice(names).map((name) => `the name ${name} is taken twice`),
    ...twice(addresses).map((address) => `the address ${address} is taken twice`),
    ...names.filter((name) => !/^[\w-]+$/.test(name)).map((name) => `not a name: ${name}`),
  ];
}

function twice(values: string[]): string[] {
  return [...new Set(values.filter((value, i) => values.indexOf(value) !== i))];
}
