import { setTimeout as sleep } from "node:timers/promises";
import type { UserError } from "../errors.js";

/** How long something is waited for, and how often it is looked at; milliseconds. */
export interface Patience {
  timeout: number;
  /** Between two looks. */
  pause: number;
}

/** Looks again and again until there is something to see; undefined when there was nothing in time. */
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
  /** Is told what `look` found, when that is new. */
  tell: Tell;
  /** What ends the wait when the time is over. */
  late: (why: string) => UserError;
}

/** Looks again and again until nothing stands in the way any more: `look` finds an empty text. */
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
