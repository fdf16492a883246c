/** Milliseconds between two looks at something that takes its time; SIP_PROXY_POLL (seconds) goes before the usual pause. */
export function pause(seconds: number): number {
  return Number(process.env["SIP_PROXY_POLL"] || seconds) * 1000;
}
