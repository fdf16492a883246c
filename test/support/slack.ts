import { existsSync, readFileSync } from "node:fs";

/** Milliseconds for a step, or for an answer of a host that boots, beside many others on a busy machine. */
export const PATIENCE = 300_000;

const PRESSURE = "/proc/pressure/cpu";

/**
 * Begins to count what a busy machine takes from a step that is timed. The function that it returns gives the milliseconds,
 * since then, in which some process of the machine was ready and had no processor: a limit of time is that much longer. It is
 * the kernel's pressure stall information (proc(5), `some total=`, microseconds); 0 where the kernel keeps none.
 */
export function slackFromNow(): () => number {
  const began = stalled();
  return () => stalled() - began;
}

function stalled(): number {
  if (!existsSync(PRESSURE)) return 0;
  const [, microseconds = "0"] = /^some .*total=(\d+)$/m.exec(readFileSync(PRESSURE, "utf8")) ?? [];
  return Number(microseconds) / 1000;
}

/** Seconds of CLOCK_MONOTONIC, as systemd's timestamps count them; a container has the machine's own. */
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;

/**
 * Notes twice a second what a busy machine takes, for what is timed elsewhere. `between` gives the milliseconds as slackFromNow()
 * counts them between two times of CLOCK_MONOTONIC in seconds; 0 for times that it did not run at.
 */
export function slackLog(): { between(from: number, to: number): number; end(): void } {
  const notes: { at: number; total: number }[] = [];
  const note = () => notes.push({ at: monotonic(), total: stalled() });
  note();
  const timer = setInterval(note, 500);
  const end = () => clearInterval(timer);
  const between = (from: number, to: number) => {
    const last = notes.findLast(({ at }) => at <= from);
    const next = notes.find(({ at }) => at >= to);
    return last === undefined || next === undefined ? 0 : next.total - last.total;
  };
  return { between, end };
}
