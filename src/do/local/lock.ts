import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "../../compute/local/process-identity.js";
import { identify, isAlive } from "./process-identity.js";

/**
 * Runs `work` while holding a lock file. Waits while another process of this machine holds it, and calls `waiting` once then. Takes over
 * the lock of a process that has died.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, waiting: () => void): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  for (let told = false; !(await acquire(file)); await sleep(500)) {
    if (!told) waiting();
    told = true;
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Takes the lock if it is free. A hard link is atomic, so the lock file always contains its holder. */
async function acquire(file: string): Promise<boolean> {
  const mine = `${file}.${randomUUID()}`;
  try {
    await writeFile(mine, JSON.stringify(identify(process.pid)));
    await link(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(mine, { force: true });
  }
  const holder = await readIdentity(file);
  if (holder !== undefined && !isAlive(holder)) await rm(file, { force: true });
  return false;
}

/** The process identity in a file; undefined if there is none. */
export async function readIdentity(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
