import type { CallLab } from "./call-lab.js";

/** Allowed delay of the lab's programs in milliseconds, if a test counts every packet: RTP is sent every 20 ms, and none counts after a BYE. */
const LATE = 50;

/** Repeats work that fails while the machine or the lab was delayed, at most three times. Throws the last error. */
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
 * Runs a check of a proxy that is valid only if the machine does not delay the proxy and the lab. Otherwise it runs again, after the rest
 * of the first run was ended and deleted (`again`). By default, the lab was delayed if one of its programs was delayed by 50 ms.
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
