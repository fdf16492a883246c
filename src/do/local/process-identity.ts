import { readFileSync } from "node:fs";
import { parseStat, sameProcess, type ProcessIdentity } from "../../compute/local/process-identity.js";

/** The identity of a running process; undefined if none has this pid (zombies do not count). */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = parseStat(readOrEmpty(`/proc/${pid}/stat`));
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
  return { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether the identified process still runs; false if another process has its pid now. */
export function isAlive(process: ProcessIdentity): boolean {
  const now = identify(process.pid);
  return now !== undefined && sameProcess(now, process);
}

/** Sends a signal to the identified process only; false if it no longer runs. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  return process.kill(target.pid, name);
}

/** The arguments of a running process; empty if it has ended. */
export function argumentsOf(pid: number): string[] {
  return readOrEmpty(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
}

export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
