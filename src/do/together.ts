/** Waits for all work to end, and then throws the first error: only then can the results of the others be removed. */
export async function together(...work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
