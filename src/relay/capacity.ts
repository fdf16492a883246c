import type { ProxySettings } from "../understand/fleet.js";

/** Media streams of one SIPREC call. */
export const streamsPerCall = 2;

/**
 * UDP ports that one SIPREC call takes: each stream is relayed with an RTP and an RTCP port on either side.
 * (Measured: 20000-30000 holds 1,250 calls.)
 */
export const portsPerCall = streamsPerCall * 4;

/** How many SIPREC calls at once the RTP range holds. */
export function callsInRange({ rtp_start, rtp_stop }: Pick<ProxySettings, "rtp_start" | "rtp_stop">): number {
  return Math.floor((rtp_stop - rtp_start + 1) / portsPerCall);
}

/**
 * Seconds without a packet after which a relay forgets a call by itself: those for which Kamailio keeps a dialog
 * (`default_timeout`). What ends calls before is the host's call-watch.py, which asks whether they are on hold.
 */
export const silenceLimit = 172_800;

/** The calls at once that a host is sized for. */
export function expectedCalls(settings: ProxySettings): number {
  return settings.expected_calls ?? callsInRange(settings);
}
