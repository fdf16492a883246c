import { vi } from "vitest";

/** Milliseconds that something may take to come about on a busy machine. */
const DEADLINE = 30_000;

/** Resolves with what `check` gives as soon as it throws no more; rejects with its last error at the deadline. */
export function eventually<T>(check: () => T | Promise<T>, timeout = DEADLINE): Promise<T> {
  return vi.waitFor(check, { timeout, interval: 50 });
}
