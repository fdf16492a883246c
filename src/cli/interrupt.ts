import { UserError } from "../errors.js";
import { talk } from "./talk.js";

/** The user pressed Ctrl-C, or the process was told to end. The exit code is the shell's: 128 and the signal's number. */
export class Interrupted extends UserError {
  constructor(readonly signal: "SIGINT" | "SIGTERM") {
    super(`interrupted (${signal})`, { exitCode: signal === "SIGINT" ? 130 : 143 });
    this.name = "Interrupted";
  }
}

/**
 * Runs work that leaves things behind (machines, networks, folders) and cleans up after it: when it ends, when it fails, and when it is
 * interrupted. Work that waits for something races it against `interruption`, which never resolves, and rejects with Interrupted.
 */
export async function withCleanUp<T>(
  work: (interruption: Promise<never>) => Promise<T>,
  cleanUp: () => Promise<void>,
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
    if (error instanceof Interrupted) talk.warn("interrupted: cleaning up");
    throw error;
  } finally {
    await cleanUp();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
