import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds that an event may take on a busy machine. */
const DEADLINE = 30_000;

/**
 * Repeats `check` until it does not throw, and resolves with its result; rejects with its last error at the deadline. (vi.waitFor()
 * does the same, but only inside Vitest; the bench runs outside.)
 */
export async function eventually<T>(check: () => T | Promise<T>, timeout = DEADLINE): Promise<T> {
  for (const end = Date.now() + timeout; ; await sleep(50)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
