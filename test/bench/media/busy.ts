import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** USER_HZ, in which proc(5) counts CPU time. */
const TICKS = 100;

/** What processors have done up to a moment. */
export interface Moment {
  /** Seconds. */
  wall: number;
  idle: number;
  /** User and system time of the processes that were asked for. */
  processes: number;
}

/** All that is not idle counts as busy, softirq included: what the kernel relays shows in no process. */
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

/** CPU seconds between two moments: of the whole machine, and of the processes. */
export function spent(from: Moment, to: Moment): { busy: number; processes: number; share: number } {
  const given = (to.wall - from.wall) * availableParallelism();
  const busy = given - (to.idle - from.idle);
  return { busy, processes: to.processes - from.processes, share: busy / given };
}
