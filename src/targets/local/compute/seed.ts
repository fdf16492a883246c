import { userDataDigest } from "../../../compute/user-data/digest.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { NicConfig, Seed } from "../../../compute/local/seed.js";

/** The configuration of a host's network interface: its fixed address, or DHCP for `auto`. */
export function nicConfig(
  fleet: Fleet,
  host: Host,
  card: { mac: string } | { interface: string },
): NicConfig {
  const { prefix_length, gateway, nameservers } = fleet.launch.local;
  if (host.private_ip_address === "auto") return card;
  return {
    ...card,
    addresses: [`${host.private_ip_address}/${prefix_length}`],
    nameservers,
    ...(gateway === undefined ? {} : { gateway }),
  };
}

/** The NoCloud seed of a host. Its user-data has the same bytes as on EC2. */
export function localSeed(host: Host, userData: Uint8Array, nic: NicConfig, publicKey: string): Seed {
  return {
    metaData: { instanceId: `i-${userDataDigest(userData)}`, hostname: host.name, publicKeys: [publicKey] },
    userData,
    network: [nic],
  };
}
