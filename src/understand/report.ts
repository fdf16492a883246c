import { printable } from "../printable.js";
import { pathText, type Fault, type Range } from "./fault.js";
import { maskLogins } from "./mask-logins.js";
import { settingNames } from "./settings/table.js";
import type { YamlDocument } from "./yaml/document.js";

/** The text that a report quotes. Values of secrets are masked. */
export type Source = Pick<YamlDocument, "file" | "source"> & Partial<Pick<YamlDocument, "positions">>;

/** All faults of a file as one report, in the order of the file; errors before warnings at the same place. */
export function reportFaults(faults: readonly Fault[], source: Source): string {
  const lines = maskLogins(maskSecrets(source)).split("\n");
  const placeOf = placesIn(source);
  return faults
    .map((fault) => ({ fault, range: rangeOf(fault, source) }))
    .sort((a, b) => a.range.start - b.range.start || severity(a.fault).localeCompare(severity(b.fault)))
    .map(({ fault, range }) => reportFault(fault, range, placeOf(fault), source.file, lines))
    .join("\n");
}

/** Line and column, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Returns a function that gives the place of a fault. The lines of the source are counted once for all faults. */
export function placesIn(source: Source): (fault: Fault) => Place {
  let next = 0;
  const starts = source.source.split("\n").map((line) => {
    const start = next;
    next += line.length + 1;
    return start;
  });
  return (fault) => {
    const { start } = rangeOf(fault, source);
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    return { line: low, column: start - (starts[low - 1] ?? 0) + 1 };
  };
}

/** One fault: its line with the place underlined, the message and the hint. */
function reportFault(
  fault: Fault,
  range: Range,
  { line: lineNumber, column: fromOne }: Place,
  file: string,
  lines: readonly string[],
): string {
  const column = fromOne - 1;
  const whole = printable((lines[lineNumber - 1] ?? "").replace(/\r$/, "").replaceAll("\t", " "));
  const cut = Math.max(0, column - excerptBefore);
  const line = whole.slice(cut, cut + excerptLength);
  const at = column - cut;
  const width = Math.max(1, Math.min(range.end - range.start, line.length - at));
  const gutter = String(lineNumber).length;
  const margin = " ".repeat(gutter);
  return [
    `${severity(fault)}[${pathText(fault.path)}]:`,
    `${margin}--> ${file}:${lineNumber}:${column + 1}`,
    `${margin} |`,
    `${lineNumber} | ${line}`,
    `${margin} | ${" ".repeat(at)}${"^".repeat(width)} ${fault.message}`,
    ...(fault.hint === undefined ? [] : [`${margin} = hint: ${fault.hint}`]),
    "",
  ]
    .map(printable)
    .join("\n");
}

/** How much of a line is shown: characters before the fault, and in total. A file that is not YAML can be one long line. */
const excerptBefore = 120;
const excerptLength = 240;

/** The text with asterisks in place of the values of secret settings. Offsets do not change. */
function maskSecrets({ source, positions }: Source): string {
  const isSecret = (name: string) => settingNames.get(name)?.secret === true;
  if (!positions)
    return source.replaceAll(
      secretLines,
      (_, head: string, value: string) => head + "*".repeat(value.length),
    );
  const values = positions
    .valuesOf(isSecret)
    .filter(({ start, end }) => !source.slice(start, end).startsWith("${"))
    .sort((a, b) => a.start - b.start);
  let shown = 0;
  const pieces = values.map(({ start, end }) => {
    const piece = source.slice(shown, start) + "*".repeat(end - start);
    shown = end;
    return piece;
  });
  return pieces.join("") + source.slice(shown);
}

/** A text that is not YAML has no positions: the rest of the line after the name of a secret setting is masked. */
const secretLines = new RegExp(`(\\b(?:${secretNames().join("|")})\\b["']?\\s*[:=]\\s*)(.+)`, "g");

function secretNames(): string[] {
  return [...settingNames].flatMap(([name, { secret }]) => (secret ? [name] : []));
}

function rangeOf(fault: Fault, source: Source): Range {
  return fault.range ?? source.positions?.locate(fault.path, fault.atKey) ?? { start: 0, end: 1 };
}

function severity(fault: Fault): "error" | "warning" {
  return fault.severity ?? "error";
}
