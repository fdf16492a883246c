import { CommanderError } from "commander";
import { UserError } from "../errors.js";
import { program } from "./program.js";
import { talk } from "./talk.js";

/** Runs the command line and sets the exit code: 0, 1 for what went wrong, 2 for a wrong call. The one catch. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = tell(error);
  }
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
