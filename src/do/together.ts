/** Waits for all that is at work. The first failure is thrown when none is at work any more: what they have made can be removed then. */
export async function together(...work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
