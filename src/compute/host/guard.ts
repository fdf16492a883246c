import { isNamed } from "../../understand/destination.js";
import type { Fleet, ProxySettings } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";
import { httpIsPrivate } from "./kamailio-local.js";

/** Connection mark during the handshake. Afterwards the mark is the connection's slot, from 1 to 128. */
const shakingHands = 0x10000;

/**
 * The host's values for the nftables rules in the image (usr/share/sip-proxy/guard.nft). Without `trusted`, every address may be a
 * platform, and the ports are open to all.
 */
export function guardValues(
  { recorders, image }: Pick<Fleet, "recorders" | "image">,
  settings: ProxySettings,
): string {
  const { trusted, rtp_start, rtp_stop, sip_udp_port, sip_private_port, tcp_max_connections } = settings;
  // the host adds the addresses of its dispatcher list, and of names in it; these are allowed before it has one
  const fleets = recorders.filter((row) => !isNamed(row)).map((row) => row.private_ip_address);
  const tcp = sipTcpPorts(settings);
  return `${generatedNote()}
define callers = ${set(trusted.length === 0 ? ["0.0.0.0/0"] : [...trusted, ...fleets])}
define rtp = ${rtp_start}-${rtp_stop}
define sip_udp = ${set([sip_udp_port, sip_private_port])}
define sip_tcp = ${set(tcp)}
define sip_tls = ${set([settings.sip_tls_port, settings.sip_private_tls_port])}
define limited_tcp = ${set([...tcp, ...(httpIsPrivate(settings) ? [settings.http_port] : [])])}
define shaking_hands = ${shakingHands}
table ip sip_proxy {
  set newcomers {
    type ipv4_addr . inet_service
    flags dynamic, timeout
    timeout 30s
    gc-interval 1s
    size ${Math.ceil(tcp_max_connections / 2)}
  }
}
${settings.host_firewall ? firewall(image, settings) : ""}`;
}

/** The ports, besides SIP and RTP, that stay open if the firewall closes all others. Without ssh_networks, SSH stays open to all. */
function firewall({ packages }: Fleet["image"], settings: ProxySettings): string {
  const { ssh_networks, http_port, http_allow } = settings;
  const rules = [
    ...open("tcp", 22, ssh_networks.length === 0 ? ["0.0.0.0/0"] : ssh_networks),
    ...(httpIsPrivate(settings) ? open("tcp", http_port, http_allow) : []),
    ...packages.flatMap(({ ports }) =>
      ports.flatMap(({ protocol, port, from }) => open(protocol, port, from)),
    ),
  ];
  return `${chain("ip", rules)}${chain("ip6", ssh_networks.length === 0 ? ["tcp dport 22 return"] : [])}`;
}

function open(protocol: "tcp" | "udp", port: number, from: readonly string[]): string[] {
  return from.map((network) => `${protocol} dport ${port} ip saddr ${network} return`);
}

/** The first rules of the table's chain that closes everything else. */
function chain(family: "ip" | "ip6", rules: readonly string[]): string {
  return `table ${family} sip_proxy {
  chain firewall {
${rules.map((rule) => `    ${rule}\n`).join("")}  }
}
`;
}

function sipTcpPorts(settings: ProxySettings): number[] {
  const { sip_tcp_port, sip_private_port, enable_tls, sip_tls_port, sip_private_tls_port } = settings;
  return [sip_tcp_port, sip_private_port, ...(enable_tls ? [sip_tls_port, sip_private_tls_port] : [])];
}

/** A set in nftables' syntax, without duplicates. */
function set(elements: readonly (string | number)[]): string {
  return `{ ${[...new Set(elements)].join(", ")} }`;
}
