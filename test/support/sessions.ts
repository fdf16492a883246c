import type { CallLab } from "./call-lab.js";

/** What a proxy's media relay holds: sessions as it counts them, of all its processes. */
export async function sessions(lab: CallLab): Promise<number> {
  const ask = ". /usr/lib/sip-proxy/common.sh; load_host; . $lib/relay.sh; relay_control sessions";
  const { stdout } = await lab.proxy().run("bash", "-c", ask);
  return [...stdout.matchAll(/ (\d+)$/gm)].reduce((sum, [, number]) => sum + Number(number), 0);
}
