import { UserError } from "../errors.js";
import { talk } from "./talk.js";

/** The user pressed Ctrl-C, or the process was told to end. The exit code is the shell's: 128 and the signal's number. */
export class Interrupted extends UserError {
  /** `stays`: what is left as it is, and how to go on. */
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
 * Runs work that leaves things behind (machines, networks, folders) and cleans up after it: when it ends, when it fails, and when it is
 * interrupted. Work that waits for something races it against `interruption`, which never resolves, and rejects with Interrupted.
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

/** Waits until all that was interrupted has cleaned up, however deep within other work: the process is about to end. */
export async function cleanedUp(): Promise<void> {
  // all of it hears of the interruption first
  await new Promise(setImmediate);
  await Promise.allSettled(cleaning);
}

/** Work that leaves a state behind when it is interrupted, which the user is told: `stays` is asked then. */
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
