import pc from "picocolors";
import { printableJson, printableLines } from "../printable.js";

/** Messages for people, on stderr; control characters are made visible. stdout is only for a command's product (templates, ids, JSON). */
export const talk = {
  say(line: string): void {
    process.stderr.write(`${printableLines(line)}\n`);
  },
  note(line: string): void {
    process.stderr.write(`${pc.dim(printableLines(line))}\n`);
  },
  good(line: string): void {
    process.stderr.write(`${pc.green(printableLines(line))}\n`);
  },
  warn(line: string): void {
    process.stderr.write(`${pc.yellow(printableLines(line))}\n`);
  },
  bad(line: string): void {
    process.stderr.write(`${pc.red(printableLines(line))}\n`);
  },
};

/** A number with a noun: 1 host, 2 hosts. */
export function count(list: readonly unknown[], noun: string): string {
  return `${list.length} ${noun}${list.length === 1 ? "" : "s"}`;
}

/** Prints the product of a command. */
export function print(text: string | Buffer): void {
  process.stdout.write(text);
}

/** Prints data as JSON, for `--json`. */
export function printJson(value: unknown): void {
  print(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}
