import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "../../compute/local/process-identity.js";
import { isAlive } from "./process-identity.js";

/** Waits up to `timeout` ms for a process to end. Returns whether it has ended. */
export async function hasEnded(process: ProcessIdentity, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (isAlive(process)) {
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}
