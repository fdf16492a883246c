import type { ProxySettings } from "../understand/fleet.js";

/** The TOS byte of the IPv4 header, in the form that relays take: DSCP in the upper six bits (RFC 2474, section 3). */
export function typeOfService({ rtp_dscp }: Pick<ProxySettings, "rtp_dscp">): number {
  return rtp_dscp * 4;
}
