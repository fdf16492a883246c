import { dump } from "js-yaml";

/** A mapping of the fleet file to write: its entries in order, some with a comment. */
export interface Part {
  key: string;
  /** Lines above it. */
  above?: readonly string[];
  entries: ReadonlyMap<string, unknown>;
  comments?: Readonly<Record<string, string>>;
}

/** The text of a fleet file, in a style for people: one line for each host and recorder. */
export function fleetFileText(head: readonly string[], parts: readonly Part[]): string {
  const texts = parts
    .filter(({ entries, above = [] }) => entries.size > 0 || above.length > 0)
    .map((part) => partText(part));
  return [
    [...comment(head), "fleet: import # rename it before the first image is baked", ""].join("\n"),
    ...texts,
  ].join("\n");
}

function partText({ key, above = [], entries, comments = {} }: Part): string {
  const lines = [...entries].map(([name, value]) => {
    const said = comments[name];
    return `  ${entryText(name, value)}${said === undefined ? "" : ` # ${said}`}`;
  });
  if (lines.length === 0) return `${comment(above).join("\n")}\n`;
  return `${[...comment(above), `${key}:`, ...lines].join("\n")}\n`;
}

function comment(lines: readonly string[]): string[] {
  return lines.map((line) => `# ${line}`);
}

/** One entry on one line; a mapping in braces. */
function entryText(name: string, value: unknown): string {
  const plain = value instanceof Map ? (Object.fromEntries(value) as Record<string, unknown>) : value;
  return dump({ [name]: plain }, { flowLevel: 1, lineWidth: -1, flowBracketPadding: true }).trimEnd();
}
