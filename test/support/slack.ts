import { existsSync, readFileSync } from "node:fs";

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
