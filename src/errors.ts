/**
 * The two classes of failure. A UserError is expected: it carries a message, a hint when the next action is known, and
 * an exit code. Anything else that is thrown is a bug and keeps its stack (see cli/main.ts, the one place that catches).
 */
export class UserError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;
  /** No call passes, about whatever, until the user has done something: nothing is tried again. */
  readonly isFinal: boolean;

  constructor(
    message: string,
    options: { hint?: string; exitCode?: number; isFinal?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "UserError";
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
    this.isFinal = options.isFinal ?? false;
  }
}

/** The caller's words are wrong (unknown option, missing argument): exit code 2. */
export class UsageError extends UserError {
  constructor(message: string, hint?: string) {
    super(message, hint === undefined ? { exitCode: 2 } : { hint, exitCode: 2 });
    this.name = "UsageError";
  }
}
