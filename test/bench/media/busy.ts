import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** USER_HZ, the unit of CPU times in proc(5). */
const TICKS = 100;

/** CPU times up to a moment. */
export interface Moment {
  /** Seconds. */
  wall: number;
  idle: number;
  /** User and system time of the given processes. */
  processes: number;
}

/** Reads the CPU times. All time except idle counts as busy, including softirq: the kernel's relaying belongs to no process. */
export function now(pids: readonly number[]): Moment {
  const all = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/ +/).map(Number) ?? [];
  const of = (pid: number) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  return {
    wall: performance.now() / 1000,
    idle: ((all[4] ?? 0) + (all[5] ?? 0)) / TICKS,
    processes: pids.reduce((sum, pid) => sum + of(pid), 0) / TICKS,
  };
}

/** CPU seconds between two moments, of the whole machine and of the processes. */
export function spent(from: Moment, to: Moment): { busy: number; processes: number; share: number } {
  const given = (to.wall - from.wall) * availableParallelism();
  const busy = given - (to.idle - from.idle);
  return { busy, processes: to.processes - from.processes, share: busy / given };
}
