/** How late the machine served a program of the lab while calls were up, in milliseconds at most. */
export interface Late {
  who: string;
  ms: number;
}

/** What players of media keep in store, in milliseconds: who is served later than that sends, or hears, no media in real time. */
export const REAL_TIME_MS = 200;

/** What came of the calls: all good; faults of the proxies; or faults on a machine that was too slow to tell. */
type Verdict = { kind: "good" | "faults" } | { kind: "too slow"; late: Late[] };

/** A fault that is seen while the lab itself was held up says nothing of the proxies; without a fault lateness has done no harm. */
export function judge(faults: readonly string[], late: readonly Late[]): Verdict {
  if (faults.length === 0) return { kind: "good" };
  const tooLate = late.filter(({ ms }) => ms > REAL_TIME_MS);
  return tooLate.length === 0 ? { kind: "faults" } : { kind: "too slow", late: tooLate };
}
