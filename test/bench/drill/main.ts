import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, printJson, talk } from "../../../src/cli/talk.js";
import { removeLeftovers } from "../../../src/lab/network/leftovers.js";
import { prepare } from "../../support/set-up.js";
import { DrillLab, type Calls } from "./lab.js";
import { drillSteps } from "./steps.js";

interface Result extends Calls {
  step: string;
  seconds: number;
}

/** The life of a fleet with calls up on it; exit code 1 when a call is lost that need not be. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run drill --")
    .argument("[steps...]", "steps to run, by the first words of their names; all of them by default")
    .option("--calls <number>", "calls that are up at a time, over both proxies", "20")
    .option("--hold <seconds>", "how long a call lasts", "15")
    .option("--json", "print data instead of a table")
    .option("--list", "only tell which steps there are");
  program.action(
    (words: string[], options: { calls: string; hold: string; json?: boolean; list?: boolean }) =>
      drill(words, options),
  );
  await program.parseAsync(argv, { from: "user" });
}

async function drill(
  words: readonly string[],
  { calls, hold, json, list }: { calls: string; hold: string; json?: boolean; list?: boolean },
): Promise<void> {
  const wanted = drillSteps.filter(
    ({ title }) => words.length === 0 || words.some((word) => title.startsWith(word)),
  );
  if (list) return print(`${wanted.map(({ title }) => title).join("\n")}\n`);
  await prepare("bake", "network", "database");
  await removeLeftovers();
  const lab = await DrillLab.start({ calls: Number(calls), holdMs: Number(hold) * 1000 });
  const results: Result[] = [];
  try {
    talk.note("baking, and booting two hosts");
    await lab.bake();
    await lab.command("db init");
    await lab.command("launch", ...lab.hosts);
    for (const step of wanted) {
      const { title, costsCalls } = step;
      await step.before?.(lab);
      talk.note(title);
      const { calls: counted, seconds } = await lab.underCalls(() => step.run(lab));
      const result = { step: title, seconds, ...counted };
      results.push(result);
      const bad = counted.failed > 0 && !costsCalls;
      if (bad) process.exitCode = 1;
      const line = `  ${lineOf(result).slice(1).join("  ")}  ${counted.why}`;
      if (bad) talk.bad(line);
      else talk.good(line);
    }
  } finally {
    await lab.stop();
  }
  if (json) printJson(results);
  else print(table(["step", "seconds", "calls", "lost", "packets", "missing"], results.map(lineOf)));
}

function lineOf({ step, seconds, placed, failed, sent, missing }: Result): string[] {
  return [step, ...[seconds, placed, failed, sent, missing].map(String)];
}
