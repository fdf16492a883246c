import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "../../compute/local/process-identity.js";
import { identify, isAlive } from "./process-identity.js";

/**
 * Runs `work` while holding a lock file, waiting for another process of this machine that holds it (`waiting` is called once then). The
 * lock of a process that died is taken over.
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

/** The lock appears under its name with its holder in it (a link is made whole or not at all). */
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

/** The identity written in a file; undefined when there is none. */
export async function readIdentity(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
