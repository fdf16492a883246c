import { CallLab, type LabOptions, type Relay } from "../support/call-lab.js";
import type { Platform, PlatformReport, RecorderTotals } from "../../src/lab/agents.js";

/** RTP ports that are out of the way of the ephemeral ones. */

/** The recorders of most rows: over TCP, as is the default. */
export const recorders = (count = 2) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`recorder${i}`, { private_ip_address: `10.0.0.${3 + i}` }]),
  );

type Parts = Parameters<typeof CallLab.start>[0];

/** Does something with a lab and ends it, whatever happens. Recorders tell totals alone unless asked otherwise. */
export async function withLab<T>(
  relay: Relay,
  parts: Parts,
  act: (lab: CallLab) => Promise<T>,
  options: LabOptions = {},
): Promise<T> {
  const lab = await CallLab.start(
    { recorders: recorders(), ...parts },
    { recorder: { quiet: true }, ...options, relay },
  );
  try {
    return await act(lab);
  } finally {
    await lab.stop();
  }
}

/** What all recorders have counted of these, together. */
export async function counted(lab: CallLab, ...names: (keyof RecorderTotals)[]): Promise<number> {
  const totals = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
  return totals.flatMap((each) => names.map((name) => each[name])).reduce((sum, one) => sum + one, 0);
}

/** Calls that were placed and not answered with 200. */
export const failed = ({ summary }: PlatformReport) =>
  summary.placed - (summary.outcomes.ok + summary.outcomes.broken);

/** Milliseconds that calls took to be answered so far, for a platform that is not quiet. */
export const setUpTimes = (platform: Platform) =>
  platform.events.flatMap((event) => (event.event === "answered" ? [event.setUpMs] : []));

/** A value of the proxy's statistics, such as `refused_banned`. */
export async function statistic(lab: CallLab, name: string, proxy = "sipproxy0"): Promise<number> {
  const text = await lab.proxy(proxy).kamcmd("stats.fetchn", `${name}`);
  return Number(/: (\d+)/.exec(text)?.[1] ?? NaN);
}
