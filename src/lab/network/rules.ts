import type { LanHost } from "./topology.js";

/** The gateway: 1:1 NAT between public and private addresses, with unchanged ports; nothing else passes. */
export function gatewayRules(hosts: LanHost[]): string {
  const pairs = hosts.flatMap(({ address, publicAddress }) =>
    publicAddress === undefined ? [] : [{ address, publicAddress }],
  );
  if (pairs.length === 0) return filter([]);
  const inward = pairs.map((pair) => `${pair.publicAddress} : ${pair.address}`).join(", ");
  const outward = pairs.map((pair) => `${pair.address} : ${pair.publicAddress}`).join(", ");
  return `table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    iifname "wan" dnat to ip daddr map { ${inward} }
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "wan" snat to ip saddr map { ${outward} }
  }
}
${filter(pairs.map((pair) => pair.address))}`;
}

function filter(addresses: string[]): string {
  const passing =
    addresses.length === 0
      ? ""
      : `iifname "wan" oifname "lan" ip daddr { ${addresses.join(", ")} } accept
    iifname "lan" oifname "wan" ip saddr { ${addresses.join(", ")} } accept`;
  return `table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" oifname "lan" accept
    ${passing}
  }
}
`;
}

/** The NAT of a platform: every outgoing flow gets a random port, and only its answers pass. */
export function masqueradeRules(publicAddress: string): string {
  return `table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "eth0" snat to ${publicAddress} random
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "inside" accept
    ct state established,related accept
  }
}
`;
}

/** Drops this many of 1,000 packets at random, to and from the host behind a port; 0: none. */
export function lossRules(device: string, perMille: number): string {
  const table = `table netdev loss-${device}`;
  const verdict = perMille >= 1000 ? "drop" : `numgen random mod 1000 < ${perMille} drop`;
  const chain = (hook: string) => `  chain ${hook} {
    type filter hook ${hook} device ${device} priority filter;
    ${verdict}
  }
`;
  const wanted = perMille === 0 ? "" : `${table} {\n${chain("ingress")}${chain("egress")}}\n`;
  return `${table}\ndelete ${table}\n${wanted}`;
}
