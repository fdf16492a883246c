import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../errors.js";

export interface ConsoleWait {
  /** Milliseconds. */
  timeout: number;
  /** Called while waiting: the wait ends if the guest no longer runs. */
  running?: () => boolean | Promise<boolean>;
  /** Messages of the guest to report meanwhile. */
  meanwhile?: Meanwhile;
}

/** Messages of a guest that are reported during the wait, to show its progress. */
export interface Meanwhile {
  /** The message in the lines of the console so far, if there is one. */
  words: (lines: readonly string[]) => string | undefined;
  tell: (words: string) => void;
  /** Milliseconds before the first message and between two: nothing is reported about a guest that is ready soon. */
  every: number;
}

/** Waits until a line of a console log matches, and returns the match. Throws UserError with the log's last lines if none does. */
export async function waitForConsole(
  file: string,
  pattern: RegExp,
  wait: ConsoleWait,
): Promise<RegExpExecArray> {
  const deadline = Date.now() + wait.timeout;
  const listen = listener(wait.meanwhile);
  for (;;) {
    const running = (await wait.running?.()) ?? true;
    const lines = await consoleLines(file);
    for (const line of lines) {
      const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).exec(line);
      if (match !== null) return match;
    }
    listen(lines);
    const late = Date.now() > deadline;
    if (late || !running)
      throw notSeen(file, pattern, late ? `in ${wait.timeout / 1000} s` : "before the guest ended", lines);
    await sleep(250);
  }
}

/** Reports the message of a guest if it is new, but not too often. */
function listener(meanwhile: Meanwhile | undefined): (lines: readonly string[]) => void {
  let last: string | undefined;
  let next = Date.now() + (meanwhile?.every ?? 0);
  return (lines) => {
    if (!meanwhile || Date.now() < next) return;
    const words = meanwhile.words(lines);
    if (words === undefined || words === last) return;
    meanwhile.tell(words);
    last = words;
    next = Date.now() + meanwhile.every;
  };
}

/** The last lines of a console log, indented, for an error. */
export async function consoleEnd(file: string): Promise<string> {
  return lastOf(await consoleLines(file));
}

/** A console log without colours and cursor movements. */
async function consoleLines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return stripVTControlCharacters(text).split(/\r?\n/);
}

function lastOf(lines: readonly string[]): string {
  const last = lines.filter((line) => line.trim() !== "").slice(-10);
  return last.map((line) => `  | ${line}`).join("\n");
}

function notSeen(file: string, pattern: RegExp, when: string, lines: readonly string[]): UserError {
  return new UserError(`no console line ${pattern} ${when}\n${lastOf(lines)}`, { hint: `see ${file}` });
}
