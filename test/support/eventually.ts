import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds that something may take to come about on a busy machine. */
const DEADLINE = 30_000;

/**
 * Resolves with what `check` gives as soon as it throws no more; rejects with its last error at the deadline. (vi.waitFor()
 * does so too, but not outside of Vitest, where the bench runs.)
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
