import { readFileSync } from "node:fs";
import { attempt, run } from "../../do/process.js";

/** Namespaces of the lab: `lab-<pid>-<start time of that process>-<number>-<part>`. */
const NAME = /^lab-(\d+)-(\d+)-\d+-/;
let made = 0;

/** A unique prefix, from which the process that owns the network can be identified. */
export function newPrefix(pid = process.pid): string {
  return `lab-${pid}-${startTime(pid) ?? 0}-${made++}`;
}

/** Removes the networks whose process is gone; returns the namespaces removed. */
export async function removeLeftovers(): Promise<string[]> {
  const dead = (await namespaces()).filter((name) => {
    const [, pid, start] = NAME.exec(name) ?? [];
    return pid !== undefined && startTime(Number(pid)) !== Number(start);
  });
  await removeNamespaces(dead);
  return dead;
}

/** Removes the namespaces of one network, and kills programs in them. */
export async function removeNetwork(prefix: string): Promise<void> {
  await removeNamespaces((await namespaces()).filter((name) => name.startsWith(`${prefix}-`)));
}

async function removeNamespaces(names: string[]): Promise<void> {
  for (const name of names) {
    const { stdout } = await attempt({ argv: ["ip", "netns", "pids", name] });
    for (const pid of stdout.split("\n").filter(Boolean)) end(Number(pid));
    await attempt({ argv: ["ip", "netns", "delete", name] });
  }
}

async function namespaces(): Promise<string[]> {
  const { stdout } = await run({ argv: ["ip", "netns", "list"] });
  return stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // the process has ended in the meantime
  }
}

/** Clock ticks from boot to the start of a process (proc(5), stat, field 22); undefined when there is none. */
function startTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}
