import { UserError } from "../errors.js";
import { talk } from "./talk.js";

/** The user pressed Ctrl-C, or the process got a signal to end. The exit code is 128 plus the signal's number, as in shells. */
export class Interrupted extends UserError {
  /** `stays`: the state that is left behind, and how to continue. */
  constructor(
    readonly signal: "SIGINT" | "SIGTERM",
    stays?: string,
  ) {
    super(`interrupted (${signal})`, {
      exitCode: signal === "SIGINT" ? 130 : 143,
      ...(stays === undefined ? {} : { hint: stays }),
    });
    this.name = "Interrupted";
  }
}

/**
 * Runs work that creates machines, networks or folders, and cleans up when it ends, fails or is interrupted. Work that waits for something
 * races it against `interruption`, a promise that never resolves, and rejects with Interrupted.
 */
export async function withCleanUp<T>(
  work: (interruption: Promise<never>) => Promise<T>,
  cleanUp?: () => Promise<void>,
): Promise<T> {
  let interrupt: (signal: NodeJS.Signals) => void = () => undefined;
  const interruption = new Promise<never>((_, reject) => {
    interrupt = (signal) => reject(new Interrupted(signal === "SIGINT" ? "SIGINT" : "SIGTERM"));
  });
  interruption.catch(() => undefined);
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    return await Promise.race([work(interruption), interruption]);
  } catch (error) {
    if (error instanceof Interrupted && cleanUp && cleaning.size === 0) talk.warn("interrupted: cleaning up");
    throw error;
  } finally {
    const cleaned = cleanUp?.();
    if (cleaned) cleaning.add(cleaned);
    await cleaned;
    if (cleaned) cleaning.delete(cleaned);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

const cleaning = new Set<Promise<void>>();

/** Waits until all interrupted work, including nested work, has cleaned up. Called before the process ends. */
export async function cleanedUp(): Promise<void> {
  // first, all work must get the interruption
  await new Promise(setImmediate);
  await Promise.allSettled(cleaning);
}

/** Runs work that leaves a state behind if it is interrupted. The error then contains the result of `stays`. */
export async function tellingWhatStays<T>(
  stays: () => string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Interrupted ? new Interrupted(error.signal, stays()) : error;
  }
}
