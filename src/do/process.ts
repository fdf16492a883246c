import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { execa, type Options } from "execa";
import { shellQuote } from "../compute/quote/shell.js";
import { UserError } from "../errors.js";

/** A program to run. Arguments are an array, never a shell line. Secrets are passed in `env` or `input`, never in argv. */
export interface Command {
  argv: readonly [string, ...string[]];
  cwd?: string;
  env?: Record<string, string>;
  /** Text written to the program's standard input. */
  input?: string;
  /** Milliseconds after which the program is killed. */
  timeout?: number;
  /** The hint if it fails. */
  hint?: string;
  /** Called with each line of stdout and stderr as it arrives. */
  onLine?: (line: string) => void;
  /** When aborted, sends SIGTERM, and kills the program after `grace` milliseconds (default 5,000). */
  signal?: AbortSignal;
  grace?: number;
}

export interface Finished {
  exitCode: number;
  stdout: string;
  stderr: string;
}

let echo: (line: string) => void = () => undefined;

/** Sets the listener that gets every started command, as a line that can be pasted into a shell (`--verbose`). */
export function echoCommandsTo(listener: (line: string) => void): void {
  echo = listener;
}

let withheld: ReadonlySet<string> = new Set();

/** Registers environment variables with secrets: programs do not get them, except by `env` of their Command. */
export function withholdFromPrograms(names: readonly string[]): void {
  withheld = new Set([...withheld, ...names]);
}

function environment(own: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !withheld.has(name));
  return { ...Object.fromEntries(inherited), ...own };
}

/** The command as a line to paste into a shell. Values of `env` are left out: they may be secret. */
export function shellLine(command: Command): string {
  const names = Object.keys(command.env ?? {}).map((name) => `${name}=…`);
  return [...names, ...command.argv.map(shellQuote)].join(" ");
}

function options(command: Command): Options {
  const tee = command.onLine && forEachLine(command.onLine);
  return {
    ...(tee === undefined ? {} : { stdout: tee, stderr: tee }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    env: environment(command.env),
    extendEnv: false,
    ...(command.timeout === undefined ? {} : { timeout: command.timeout }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    ...(command.grace === undefined ? {} : { forceKillAfterDelay: command.grace }),
    ...(command.input === undefined ? { stdin: "ignore" } : { input: command.input }),
    reject: false,
    stripFinalNewline: true,
  };
}

/** Runs to the end and returns the result for any exit code. Throws UserError if the program cannot be started. */
export async function attempt(command: Command): Promise<Finished> {
  echo(shellLine(command));
  const [file, ...args] = command.argv;
  const result = await execa(file, args, options(command));
  if (result.exitCode === undefined) {
    const why = result.timedOut
      ? `did not finish in ${(command.timeout ?? 0) / 1000} s`
      : result.shortMessage;
    throw new UserError(`${file}: ${why ?? "could not be run"}`, {
      hint: command.hint ?? notFoundHint(file, result.code),
      cause: result,
    });
  }
  return { exitCode: result.exitCode, stdout: text(result.stdout), stderr: text(result.stderr) };
}

/** Runs to the end. Throws UserError with the last lines of output unless the exit code is 0. */
export async function run(command: Command): Promise<Finished> {
  const result = await attempt(command);
  if (result.exitCode === 0) return result;
  const lines = (result.stderr || result.stdout).trimEnd().split("\n").slice(-15);
  throw new UserError(
    `${command.argv[0]} failed (exit ${result.exitCode})\n  ${shellLine(command)}\n${lines.map((l) => `  | ${l}`).join("\n")}`,
    command.hint === undefined ? {} : { hint: command.hint },
  );
}

/** Starts a program that outlives the call, such as a VM or a server. The caller must end it, by the child's pid. */
export function start(command: Command, extra: SpawnOptions = {}): ChildProcess {
  echo(shellLine(command));
  const [file, ...args] = command.argv;
  return spawn(file, args, {
    env: environment(command.env),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...extra,
  });
}

function forEachLine(listener: (line: string) => void) {
  return function* (line: unknown) {
    listener(String(line));
    yield line;
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function notFoundHint(file: string, code: string | undefined): string {
  return code === "ENOENT" ? `install ${file}, or check that it is on PATH` : "run again with --verbose";
}
