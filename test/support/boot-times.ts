/** Times of a host's boot, in seconds of CLOCK_MONOTONIC. */
export interface BootTimes {
  /** Its journal started. */
  booted: number;
  /** cloud-init's configuration was done. */
  configured: number;
  /** Its self-test passed. */
  ready: number;
}

/** Reads the times from systemd's timestamps. */
export async function bootTimes(inGuest: (script: string) => Promise<string>): Promise<BootTimes> {
  const at = async (unit: string, event: string) =>
    Number(await inGuest(`systemctl show --value -p ${event}TimestampMonotonic ${unit}`)) / 1e6;
  return {
    booted: await at("systemd-journald.service", "InactiveExit"),
    configured: await at("cloud-config.target", "ActiveEnter"),
    ready: await at("sip-proxy-selftest.service", "ActiveEnter"),
  };
}
