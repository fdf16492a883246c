import { CommanderError, type Command } from "commander";
import { UserError } from "../errors.js";
import { cleanedUp, Interrupted } from "./interrupt.js";
import { program } from "./program.js";
import { talk } from "./talk.js";

/** Runs the command line and sets the exit code: 0, 1 for what went wrong, 2 for a wrong call. The one catch. */
export async function main(argv: readonly string[], command: Command = program()): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount("error", endWithOutput) === 0) stream.on("error", endWithOutput);
  try {
    await command.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = tell(error);
    if (error instanceof Interrupted) {
      await cleanedUp();
      process.exit(); // whatever it was waiting for
    }
  }
}

/** Whoever reads the output (`| head`) has enough of it; or it cannot be written, which is said where that can be. */
function endWithOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  talk.bad(`error: the output cannot be written: ${error.message}`);
  process.exit(1);
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError) {
    talk.bad(`error: ${error.message}`);
    if (error.hint !== undefined) talk.say(`hint: ${error.hint}`);
    return error.exitCode;
  }
  talk.bad(`bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 70;
}
