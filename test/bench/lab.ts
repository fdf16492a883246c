import { CallLab, type LabOptions, type Relay } from "../support/call-lab.js";
import type { Platform, PlatformReport, RecorderTotals } from "../../src/lab/agents.js";

/** The recorders of most rows, over TCP, which is the default. */
export const recorders = (count = 2) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`recorder${i}`, { private_ip_address: `10.0.0.${3 + i}` }]),
  );

type Parts = Parameters<typeof CallLab.start>[0];

/** Runs `act` with a lab, and always stops the lab. By default, recorders report only totals. */
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

/** The sum of these totals over all recorders. */
export async function counted(lab: CallLab, ...names: (keyof RecorderTotals)[]): Promise<number> {
  const totals = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.totals()));
  return totals.flatMap((each) => names.map((name) => each[name])).reduce((sum, one) => sum + one, 0);
}

/** Placed calls without a 200. */
export const failed = ({ summary }: PlatformReport) =>
  summary.placed - (summary.outcomes.ok + summary.outcomes.broken);

/** Set-up times of answered calls so far, in milliseconds. The platform must not be quiet. */
export const setUpTimes = (platform: Platform) =>
  platform.events.flatMap((event) => (event.event === "answered" ? [event.setUpMs] : []));

/** A value of Kamailio's statistics, such as `refused_banned`. */
export async function statistic(lab: CallLab, name: string, proxy = "sipproxy0"): Promise<number> {
  const text = await lab.proxy(proxy).kamcmd("stats.fetchn", `${name}`);
  return Number(/: (\d+)/.exec(text)?.[1] ?? NaN);
}
