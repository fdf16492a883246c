import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, pages, readAsset } from "../../../src/do/assets.js";
import { reportFaults } from "../../../src/understand/report.js";
import { understand } from "../../../src/understand/understand.js";
import { runCli } from "../../support/cloud/cli.js";

// An output under `<!-- output: COMMAND -->` must be the output of this command for the first example. The command may be the first line.

const outputs = pages().flatMap((page) =>
  [...readAsset(page).matchAll(/<!-- output: ([^\n]+) -->\n\n```\n([\s\S]*?)```/g)].map(
    ([, command = "", text = ""]) => ({ page, command, text }),
  ),
);
const example = "examples/recorders-eu.yaml";

test("README.md shows a report of `validate`, and some page DNS records", () => {
  expect(outputs.map(({ command }) => command)).toEqual(
    expect.arrayContaining(["sip-proxy validate fleet.yaml", expect.stringMatching(/^sip-proxy dns /)]),
  );
});

test.each(outputs)("$page: $command", async ({ command, text }) => {
  expect(`${text.startsWith("$ ") ? `$ ${command}\n` : ""}${await printed(command)}`).toBe(text);
});

/** The output of a command for the example; for `validate`, the example gets an error. */
async function printed(command: string): Promise<string> {
  const [, verb, ...words] = command.split(" ");
  if (verb === "validate") return reportOfError();
  const file = join(packageRoot, example);
  const argv = words.map((word) => (word === "fleet.yaml" ? file : word));
  return (await runCli([verb ?? "", ...argv])).stdout;
}

function reportOfError(): string {
  const valid = readAsset(example);
  const broken = valid.replace("siprec_attrs: weight=25", "siprec_protocol: sctp");
  expect(broken).not.toBe(valid);
  const { faults, source } = understand(broken, "fleet.yaml");
  const errors = faults.filter(({ severity }) => severity !== "warning");
  return `${reportFaults(errors, source).trim()}\n`;
}
