import type { Topology } from "../../src/lab/network.js";
import type { Fleet } from "../../src/understand/fleet.js";

/** Sources of calls by name: a platform, one behind a NAT, and an unknown one. */
export const callers = {
  platform: { address: "203.0.113.10" },
  natted: { address: "192.168.77.2", behind: "203.0.113.20" },
  stranger: { address: "192.0.2.66" },
} as const;
export type Caller = keyof typeof callers;

export const databaseAddress = "10.0.0.9";

/** The README's picture, with as many proxies and recorders as a fleet has. */
export function topologyOf(fleet: Fleet): Topology {
  return {
    platforms: Object.entries(callers).map(([name, host]) => ({ name, ...host })),
    lan: {
      bits: 24,
      gateway: "10.0.0.254",
      hosts: [
        ...fleet.hosts.map((host) => ({
          name: host.name,
          address: host.private_ip_address,
          publicAddress: host.public_ip_address,
        })),
        ...fleet.recorders.map(({ name, private_ip_address }) => ({ name, address: private_ip_address })),
        { name: "database", address: databaseAddress },
      ],
    },
  };
}
