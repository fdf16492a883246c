import type { CallLab } from "./call-lab.js";

/** Milliseconds that the lab's programs may be late where a test counts every packet: RTP comes each 20 ms, and what is behind a BYE is not waited for. */
const LATE = 50;

/** Does it again when it fails and the machine, or the lab, was late: three times at most. Throws the last error. */
export async function again<T>(act: () => Promise<T>, wasLate: () => boolean | Promise<boolean>): Promise<T> {
  for (let times = 1; ; times++) {
    try {
      return await act();
    } catch (error) {
      if (times === 3 || !(await wasLate())) throw error;
    }
  }
}

/**
 * Does what a proxy can be judged by only while the machine lets it and the lab run: `again`, with what is left of the time before
 * ended and forgotten. By default the lab was late when one of its programs was held up for 50 ms.
 */
export function inTime<T>(
  lab: CallLab,
  act: () => Promise<T>,
  wasLate: () => boolean | Promise<boolean> = async () => (await lab.lateMs()) >= LATE,
): Promise<T> {
  return again(async () => {
    await lab.forget();
    return act();
  }, wasLate);
}
