import type { ProxySettings } from "./fleet.js";

/**
 * UDP ports that one SIPREC call takes: two streams, each relayed with an RTP and an RTCP port on either side.
 * (Measured: 20000-30000 holds 1,250 calls.)
 */
export const portsPerCall = 8;

/** How many SIPREC calls at once the RTP range holds. */
export function callsInRange({ rtp_start, rtp_stop }: Pick<ProxySettings, "rtp_start" | "rtp_stop">): number {
  return Math.floor((rtp_stop - rtp_start + 1) / portsPerCall);
}

/** The calls at once that a host is sized for. */
export function expectedCalls(settings: ProxySettings): number {
  return settings.expected_calls ?? callsInRange(settings);
}
