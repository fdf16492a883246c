import type { Fleet, ProxySettings } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";

/** Groups of the address file that Kamailio's permissions module reads; kamailio.cfg asks for them by number. */
const groups = { trusted: 1, http_allow: 2 } as const;

/** The networks that may call and that may use JSON-RPC and metrics, one a line: GROUP ADDRESS PREFIX-LENGTH. */
export function networksList(settings: ProxySettings): string {
  const lines = (["trusted", "http_allow"] as const).flatMap((name) =>
    settings[name].map((network) => `${groups[name]} ${network.replace("/", " ")}`),
  );
  return [generatedNote(), ...lines, ""].join("\n");
}

/** RFC 1918 and loopback: the host's own side. Nobody can send from there through a gateway. */
const ownSide = ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * nftables rules: packets for the RTP range come from the platforms' networks and the recorders, or not at all. Else
 * anybody who sprays the range could take a call's media over ("RTP bleed") or speak into a recording. Undefined
 * without `trusted`: then nobody knows where media comes from, and the relay keeps to what SDP says.
 */
export function mediaGuard(
  { recorders }: Pick<Fleet, "recorders">,
  { trusted, rtp_start, rtp_stop }: ProxySettings,
): string | undefined {
  if (trusted.length === 0) return undefined;
  const allowed = [...new Set([...ownSide, ...trusted, ...recorders.map((row) => row.private_ip_address)])];
  return `${generatedNote()}
table ip sip_proxy_media
delete table ip sip_proxy_media
table ip sip_proxy_media {
  set allowed {
    type ipv4_addr
    flags interval
    auto-merge
    elements = { ${allowed.join(", ")} }
  }
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport ${rtp_start}-${rtp_stop} ip saddr != @allowed counter drop
  }
}
`;
}
