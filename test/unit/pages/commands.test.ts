import type { Command } from "commander";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { program } from "../../../src/cli/program.js";
import { pages, readAsset } from "../../../src/do/assets.js";

// Commands and options in the documentation must exist.

const shown = /(?:^(?:\$ )?|`|\| |&& |netns exec \w+ )(sip-proxy|bake-image) ([^`\n#|]+)/gm;
const sipProxy = program();

test.each(pages())("%s: every command and option exists", (page) => {
  expect(wrongCommands(readAsset(page))).toEqual([]);
});

test("the workflow runs commands that exist, with credentials that it does not keep", () => {
  const workflow = load(readAsset("examples/ci/github.yml")) as Workflow;
  const [{ steps }] = Object.values(workflow.jobs) as [{ steps: { run?: string; uses?: string }[] }];
  const scripts = steps.flatMap(({ run }) => run ?? []).join("");
  expect(scripts.match(shown)?.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
    "sip-proxy validate fleet.yaml",
    "bake-image fleet.yaml --target",
    "sip-proxy image clean",
    "sip-proxy image promote",
    "sip-proxy group apply",
    "sip-proxy group roll",
    "sip-proxy group status",
    "sip-proxy image prune",
  ]);
  expect(wrongCommands(scripts)).toEqual([]);
  expect(workflow.permissions).toEqual({ "id-token": "write", contents: "read" });
  expect(JSON.stringify(workflow)).not.toMatch(/secrets\./);
});

interface Workflow {
  permissions: object;
  jobs: Record<string, object>;
}

/** Commands in a text that do not exist, or have unknown options. */
function wrongCommands(text: string): string[] {
  const lines = [...text.matchAll(shown)].map(([, bin = "", words = ""]) =>
    bin === "bake-image" ? `bake ${words.trim()}` : words.trim(),
  );
  return lines.flatMap((line) => faultsOf(sipProxy, line.split(/\s+/)).map((fault) => `${line}: ${fault}`));
}

test("commands are found on the pages", () => {
  expect(readAsset("README.md").match(shown)?.length).toBeGreaterThan(10);
});

/** Unknown verbs and options of a command line. */
function faultsOf(command: Command, words: readonly string[]): string[] {
  const [verb, ...rest] = words;
  const inner = command.commands.find((candidate) => candidate.name() === verb);
  if (inner) return faultsOf(inner, rest);
  if (command.commands.length > 0 && verb !== undefined && /^[a-z]/.test(verb)) return [`no command ${verb}`];
  const known = new Set(["--help", "--verbose", ...command.options.map((option) => option.long)]);
  return words.filter((word) => word.startsWith("--") && !known.has(word)).map((word) => `no option ${word}`);
}
