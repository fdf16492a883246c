import type { ProxySettings } from "../understand/fleet.js";

/** The IPv4 header's TOS byte, which relays are given: DSCP in its upper six bits (RFC 2474, section 3). */
export function typeOfService({ rtp_dscp }: Pick<ProxySettings, "rtp_dscp">): number {
  return rtp_dscp * 4;
}
