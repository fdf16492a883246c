import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Calls `onValue` with each line of JSON, and `onFault` for a line that is not a JSON object. */
export function readJsonLines(
  input: Readable,
  onValue: (value: object) => void,
  onFault: (text: string) => void,
): Promise<void> {
  const lines = createInterface({ input, crlfDelay: Infinity });
  lines.on("line", (line) => {
    if (line.trim() === "") return;
    const value = parse(line);
    if (typeof value === "object" && value !== null) onValue(value);
    else onFault(`no JSON object: ${line.slice(0, 120)}`);
  });
  return new Promise((resolve) => lines.once("close", resolve));
}

/** Writes one event to standard output. */
export function writeJsonLine(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
