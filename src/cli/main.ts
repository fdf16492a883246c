import { CommanderError, type Command } from "commander";
import { UserError } from "../errors.js";
import { cleanedUp, Interrupted } from "./interrupt.js";
import { program } from "./program.js";
import { talk } from "./talk.js";

/** Runs the command line and sets the exit code: 0 for success, 1 for an error, 2 for wrong usage. All errors are caught here. */
export async function main(argv: readonly string[], command: Command = program()): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount("error", endWithOutput) === 0) stream.on("error", endWithOutput);
  try {
    await command.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = tell(error);
    if (error instanceof Interrupted) {
      await cleanedUp();
      process.exit(); // even if it still waits for something
    }
  }
}

/** Ends the process if output cannot be written: silently if the reader has closed the pipe (`| head`), otherwise with an error. */
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
