import type { Command } from "commander";
import { expect, test } from "vitest";
import { program } from "../../../src/cli/program.js";
import { pages, readAsset } from "../../../src/do/assets.js";

// Commands that the documentation shows exist, with their options.

const shown = /(?:^(?:\$ )?|`|\| |&& )(sip-proxy|bake-image) ([^`\n#|]+)/gm;
const sipProxy = program();

test.each(pages())("%s: every command and option exists", (page) => {
  const lines = [...readAsset(page).matchAll(shown)].map(([, bin = "", words = ""]) =>
    bin === "bake-image" ? `bake ${words.trim()}` : words.trim(),
  );
  const wrong = lines.flatMap((line) =>
    faultsOf(sipProxy, line.split(/\s+/)).map((fault) => `${line}: ${fault}`),
  );
  expect(wrong).toEqual([]);
});

test("commands are found on the pages", () => {
  expect(readAsset("README.md").match(shown)?.length).toBeGreaterThan(10);
});

/** What of a command line is not there: its verbs, and its options. */
function faultsOf(command: Command, words: readonly string[]): string[] {
  const [verb, ...rest] = words;
  const inner = command.commands.find((candidate) => candidate.name() === verb);
  if (inner) return faultsOf(inner, rest);
  if (command.commands.length > 0 && verb !== undefined && /^[a-z]/.test(verb)) return [`no command ${verb}`];
  const known = new Set(["--help", "--verbose", ...command.options.map((option) => option.long)]);
  return words.filter((word) => word.startsWith("--") && !known.has(word)).map((word) => `no option ${word}`);
}
