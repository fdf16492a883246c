import type { ProxySettings } from "../understand/fleet.js";

/** Media streams of one SIPREC call. */
export const streamsPerCall = 2;

/**
 * UDP ports of one SIPREC call: each stream needs an RTP and an RTCP port on both sides.
 * (Measured: 20000-30000 holds 1,250 calls.)
 */
export const portsPerCall = streamsPerCall * 4;

/** The number of simultaneous SIPREC calls for which the RTP range has ports. */
export function callsInRange({ rtp_start, rtp_stop }: Pick<ProxySettings, "rtp_start" | "rtp_stop">): number {
  return Math.floor((rtp_stop - rtp_start + 1) / portsPerCall);
}

/**
 * Seconds without a packet after which a relay removes a call. Equal to the lifetime of a dialog in Kamailio
 * (`default_timeout`). The host's call-watch.py ends dead calls earlier: it checks whether they are on hold.
 */
export const silenceLimit = 172_800;

/** The number of simultaneous calls for which a host is sized. */
export function expectedCalls(settings: ProxySettings): number {
  return settings.expected_calls ?? callsInRange(settings);
}
