import type { GroupChange } from "./plan.js";

const signs = { create: "+", change: "~", delete: "-" } as const;

/** A plan as lines, like a diff: + for created, ~ for changed, - for deleted. */
export function showPlan(changes: readonly GroupChange[]): string {
  return changes.map(showChange).join("");
}

function showChange({ kind, what, differences }: GroupChange): string {
  const lines = differences.map(({ field, from, to }) => {
    if (from === undefined) return `      + ${field}: ${to ?? ""}`;
    if (to === undefined) return `      - ${field}: ${from}`;
    return `      ~ ${field}: ${from} -> ${to}`;
  });
  return `  ${signs[kind]} ${what}\n${lines.map((line) => `${line}\n`).join("")}`;
}
