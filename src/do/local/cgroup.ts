import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupsOf } from "../../compute/local/container.js";
import { UserError } from "../../errors.js";

/**
 * Kills all processes in a container's cgroups, and removes the cgroups. Also needed after its nspawn has ended: if nspawn is killed,
 * the container's PID 1 continues. Throws UserError if something remains after ten seconds.
 */
export async function emptyCgroups(id: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(100)) {
    const left = await Promise.all(cgroupsOf(id).map(emptyCgroup));
    if (left.every((empty) => empty)) return;
    if (Date.now() > deadline) throw new UserError(`processes of the container ${id} do not end`);
  }
}

/** One round, children first; true if the cgroup is gone. */
async function emptyCgroup(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const children = entries.filter((entry) => entry.isDirectory());
  await Promise.all(children.map((child) => emptyCgroup(join(folder, child.name))));
  const pids = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of pids.split("\n").filter(Boolean)) kill(Number(pid));
  return rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}
