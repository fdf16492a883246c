import { setTimeout as sleep } from "node:timers/promises";
import type { UserError } from "../errors.js";

/** Milliseconds between two looks: one at hosts takes a second itself. */
export const PAUSE = 2_000;

export type Tell = (detail: string) => void;

export interface Wait {
  /** Milliseconds. */
  timeout: number;
  /** Milliseconds between two looks. */
  pause?: number;
  /** Is told what `look` found. */
  tell: Tell;
  /** What ends the wait when the time is over. */
  late: (why: string) => UserError;
}

/** Looks again and again until nothing stands in the way any more: `look` finds an empty text. */
export async function untilClear(
  look: () => Promise<string>,
  { timeout, pause = PAUSE, tell, late }: Wait,
): Promise<void> {
  for (const deadline = Date.now() + timeout; ; await sleep(pause)) {
    const why = await look();
    if (why === "") return;
    tell(why);
    if (Date.now() > deadline) throw late(why);
  }
}
