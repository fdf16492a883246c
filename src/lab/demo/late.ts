/** The longest time that the machine delayed a program of the lab during calls, in milliseconds. */
export interface Late {
  who: string;
  ms: number;
}

/** Usual size of a jitter buffer in milliseconds: with a longer delay, media are not sent or received in real time. */
export const REAL_TIME_MS = 200;

/** The verdict about the calls: good; faults of the proxies; or faults on a machine that was too slow to decide. */
type Verdict = { kind: "good" | "faults" } | { kind: "too slow"; late: Late[] };

/** A fault while the lab itself was delayed does not count against the proxies. Without a fault, delays do not matter. */
export function judge(faults: readonly string[], late: readonly Late[]): Verdict {
  if (faults.length === 0) return { kind: "good" };
  const tooLate = late.filter(({ ms }) => ms > REAL_TIME_MS);
  return tooLate.length === 0 ? { kind: "faults" } : { kind: "too slow", late: tooLate };
}
