import Table from "cli-table3";
import pc from "picocolors";

/** No lines and no colours, so that tables are easy to copy and search. */
const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"]
    .flatMap((side) => ["", "-mid", "-left", "-right"].map((part) => side + part))
    .map((name) => [name, ""]),
);

/** A table with headings, for people. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = new Table({
    head: headings.map((heading) => pc.bold(heading)),
    chars: { ...noLines, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  lines.push(...rows.map((row) => [...row]));
  const text = lines.toString().split("\n");
  return `${text.map((line) => line.trimEnd()).join("\n")}\n`;
}
