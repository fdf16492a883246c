import { existsSync, readFileSync } from "node:fs";

/** Milliseconds for a step, or for an answer of a booting host, on a busy machine. */
export const PATIENCE = 300_000;

const PRESSURE = "/proc/pressure/cpu";

/**
 * Measures the delay of a timed step by a busy machine. The returned function gives the milliseconds since then in which a process
 * was ready to run without a processor: time limits are extended by this. The source is the kernel's pressure stall information
 * (proc(5), `some total=`, microseconds); 0 if the kernel does not have it.
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

/** Seconds of CLOCK_MONOTONIC, as in systemd's timestamps; containers have the machine's clock. */
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;

/**
 * Records this delay twice a second, for times that are measured elsewhere. `between` returns the delay in milliseconds, as in
 * slackFromNow(), between two times of CLOCK_MONOTONIC in seconds; 0 for times at which it did not run.
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
