import { pause } from "../support/call-lab.js";

/** Seconds until the condition holds, at most `limit`. */
export async function until(isSo: () => boolean | Promise<boolean>, limit = 60): Promise<number> {
  const began = Date.now();
  while (!(await isSo()) && Date.now() - began < limit * 1000) await pause(100);
  return (Date.now() - began) / 1000;
}
