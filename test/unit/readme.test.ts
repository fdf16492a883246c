import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { program } from "../../src/cli/program.js";
import { reportFaults } from "../../src/understand/report.js";
import { understand } from "../../src/understand/understand.js";
import { runCli } from "../support/cloud/cli.js";

// What README.md says of the commands is true.

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const example = readFileSync(join(root, "examples/recorders-eu.yaml"), "utf8");

test("the report of a fault is what `validate` prints", () => {
  const broken = example.replace("siprec_attrs: weight=25", "siprec_protocol: sctp");
  expect(broken).not.toBe(example);
  const shown = /<!-- output: sip-proxy validate fleet\.yaml -->\n\n```\n([\s\S]*?)```/.exec(readme)?.[1];
  const { faults, source } = understand(broken, "fleet.yaml");
  const errors = faults.filter(({ severity }) => severity !== "warning");
  expect(reportFaults(errors, source).trim()).toBe(shown?.trim());
});

test("the DNS records are those of the example", async () => {
  const shown = /<!-- output: (sip-proxy dns [^\n]+) -->\n\n```\n([\s\S]*?)```/.exec(readme);
  const argv = (shown?.[1] ?? "").split(" ").slice(1);
  const file = join(root, "examples/recorders-eu.yaml");
  const { stdout } = await runCli(argv.map((word) => (word === "fleet.yaml" ? file : word)));
  expect(stdout).toBe(shown?.[2]);
});

test("every command and option that is shown exists", () => {
  const sipProxy = program();
  const lines = [...readme.matchAll(/(?:^\$ |`)(sip-proxy|bake-image) ([^`\n]+)/gm)].map(
    ([, bin = "", words = ""]) => (bin === "bake-image" ? `bake ${words}` : words),
  );
  expect(lines.length).toBeGreaterThan(10);
  const wrong = lines.flatMap((line) =>
    faultsOf(sipProxy, line.split(/\s+/)).map((fault) => `${line}: ${fault}`),
  );
  expect(wrong).toEqual([]);
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
