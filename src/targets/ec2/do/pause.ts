/** Milliseconds between two queries during a wait. SIP_PROXY_POLL (seconds) overrides the default. */
export function pause(seconds: number): number {
  return Number(process.env["SIP_PROXY_POLL"] || seconds) * 1000;
}
