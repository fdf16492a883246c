/** Identifies a process among all processes of this machine: pids alone are reused. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat). */
  startTicks: number;
  /** /proc/sys/kernel/random/boot_id */
  bootId: string;
}

/**
 * State letter and start time from /proc/PID/stat. The second field is the program's name in parentheses, which may contain blanks and
 * parentheses, so fields are counted from the last `)`.
 */
export function parseStat(stat: string): { state: string; startTicks: number } | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], Number(fields[19])];
  return state && Number.isInteger(startTicks) ? { state, startTicks } : undefined;
}

export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}
