import { pathText, type Fault } from "./fault.js";
import { settingNames } from "./settings/table.js";
import type { YamlDocument } from "./yaml/document.js";

/** What a report quotes from. Secrets' values are never quoted. */
export type Source = Pick<YamlDocument, "file" | "source"> & Partial<Pick<YamlDocument, "positions">>;

/** All faults of a file as one report, in the order of the file; errors before warnings at the same place. */
export function reportFaults(faults: readonly Fault[], source: Source): string {
  return faults
    .map((fault) => ({ fault, start: rangeOf(fault, source).start }))
    .sort((a, b) => a.start - b.start || severity(a.fault).localeCompare(severity(b.fault)))
    .map(({ fault }) => reportFault(fault, source))
    .join("\n");
}

/** One fault with the line it stands on, the place underlined, and the way out. */
export function reportFault(fault: Fault, source: Source): string {
  const range = rangeOf(fault, source);
  const before = source.source.slice(0, range.start);
  const lineNumber = before.split("\n").length;
  const column = range.start - (before.lastIndexOf("\n") + 1);
  const whole = printable(maskSecrets(source).split("\n")[lineNumber - 1] ?? "");
  const cut = Math.max(0, column - excerptBefore);
  const line = whole.slice(cut, cut + excerptLength);
  const at = column - cut;
  const width = Math.max(1, Math.min(range.end - range.start, line.length - at));
  const gutter = String(lineNumber).length;
  const margin = " ".repeat(gutter);
  return [
    `${severity(fault)}[${pathText(fault.path)}]:`,
    `${margin}--> ${source.file}:${lineNumber}:${column + 1}`,
    `${margin} |`,
    `${lineNumber} | ${line}`,
    `${margin} | ${" ".repeat(at)}${"^".repeat(width)} ${fault.message}`,
    ...(fault.hint === undefined ? [] : [`${margin} = hint: ${fault.hint}`]),
    "",
  ].join("\n");
}

/** Of a line as it is shown: characters before the fault, and in all. Files that are no YAML may be one long line. */
const excerptBefore = 120;
const excerptLength = 240;

/** A line that does nothing to the terminal: control characters of a file that may be anybody's are shown as dots. */
function printable(line: string): string {
  return line
    .replace(/\r$/, "")
    .replaceAll("\t", " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "·");
}

/** The text with the values of secret settings replaced by asterisks, offsets unchanged. */
function maskSecrets({ source, positions }: Source): string {
  const isSecret = (name: string) => settingNames.get(name)?.secret === true;
  if (!positions)
    return source.replaceAll(
      secretLines,
      (_, head: string, value: string) => head + "*".repeat(value.length),
    );
  return positions
    .valuesOf(isSecret)
    .filter(({ start, end }) => !source.slice(start, end).startsWith("${"))
    .reduce(
      (text, { start, end }) => text.slice(0, start) + "*".repeat(end - start) + text.slice(end),
      source,
    );
}

/** In a text that is not YAML there are no positions; what follows the name of a secret is masked to the end of its line. */
const secretLines = new RegExp(`(\\b(?:${secretNames().join("|")})\\b["']?\\s*[:=]\\s*)(.+)`, "g");

function secretNames(): string[] {
  return [...settingNames].flatMap(([name, { secret }]) => (secret ? [name] : []));
}

function rangeOf(fault: Fault, source: Source) {
  return fault.range ?? source.positions?.locate(fault.path, fault.atKey) ?? { start: 0, end: 1 };
}

function severity(fault: Fault): "error" | "warning" {
  return fault.severity ?? "error";
}
