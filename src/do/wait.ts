import { setTimeout as sleep } from "node:timers/promises";
import type { UserError } from "../errors.js";

/** How long to wait for something, and how often to check it, in milliseconds. */
export interface Patience {
  timeout: number;
  /** Time between two checks. */
  pause: number;
}

/** Calls `look` repeatedly until it finds something; undefined if it found nothing in time. */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  { timeout, pause }: Patience,
): Promise<T | undefined> {
  const end = Date.now() + timeout;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    const rest = end - Date.now();
    if (rest <= 0) return undefined;
    await sleep(Math.min(pause, rest));
  }
}

export type Tell = (detail: string) => void;

export interface Wait extends Patience {
  /** Called with each new result of `look`. */
  tell: Tell;
  /** Makes the error that ends the wait on timeout. */
  late: (why: string) => UserError;
}

/** Calls `look` repeatedly until nothing is left to wait for: it returns an empty text then. */
export async function untilClear(look: () => Promise<string>, wait: Wait): Promise<void> {
  let why = "";
  const lookAndTell = async () => {
    const before = why;
    why = await look();
    if (why !== "" && why !== before) wait.tell(why);
    return why === "" ? true : undefined;
  };
  if ((await poll(lookAndTell, wait)) === undefined) throw wait.late(why);
}
