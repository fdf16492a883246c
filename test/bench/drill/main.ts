import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, printJson, talk } from "../../../src/cli/talk.js";
import { removeLeftovers } from "../../../src/lab/network/leftovers.js";
import { prepare } from "../../support/set-up.js";
import type { Calls } from "./count.js";
import { formerCommit } from "./former.js";
import { DrillLab, type DrillSize } from "./lab.js";
import type { DrillStep } from "./step.js";
import { drillSteps } from "./steps.js";

interface Result extends Calls {
  step: string;
  seconds: number;
}

interface Options {
  calls: string;
  hold: string;
  packets: string;
  outage: string;
  former: string;
  json?: boolean;
  list?: boolean;
}

/** A fleet's lifecycle with calls up. Exit code 1 if an avoidable call is lost. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run drill --")
    .argument("[steps...]", "steps to run, by the first words of their names; all of them by default")
    .option("--calls <number>", "calls that are up at a time, over all proxies", "20")
    .option("--hold <seconds>", "how long a call lasts", "15")
    .option("--packets <number>", "packets per second of each of a call's two streams", "50")
    .option("--outage <seconds>", "how long the database is silent", "30")
    .option("--former <commit>", "the release that hosts are mixed with", formerCommit)
    .option("--json", "print data instead of a table")
    .option("--list", "only tell which steps there are");
  program.action((words: string[], options: Options) => drill(words, options));
  await program.parseAsync(argv, { from: "user" });
}

async function drill(words: readonly string[], options: Options): Promise<void> {
  const wanted = drillSteps.filter(
    ({ title }) => words.length === 0 || words.some((word) => title.startsWith(word)),
  );
  if (options.list) return print(`${wanted.map(({ title }) => title).join("\n")}\n`);
  await prepare("bake", "network", "database");
  await removeLeftovers();
  const lab = await DrillLab.start(sizeOf(options));
  const results: Result[] = [];
  try {
    talk.note("baking, and booting three hosts");
    await lab.bake();
    await lab.command("db init");
    await lab.command("launch", ...lab.hosts);
    for (const step of wanted) results.push(await take(step, lab));
  } finally {
    await lab.stop();
  }
  if (options.json) printJson(results);
  else print(table(["step", "seconds", "calls", "lost", "packets", "missing"], results.map(lineOf)));
}

/** Runs a step. A failed step is reported; the next steps show whether the fleet still works. */
async function take(step: DrillStep, lab: DrillLab): Promise<Result> {
  const { title, costsCalls } = step;
  let fault = "";
  const told = async (work: () => Promise<void> | undefined) => {
    try {
      await work();
    } catch (error) {
      fault ||= (error as Error).message;
    }
  };
  talk.say(title);
  await told(() => step.before?.(lab));
  const takes = () =>
    lab.addresses.filter((address) => address !== lab.fleet.proxies[step.drains ?? ""]?.public_ip_address);
  const { calls, seconds, idle } = await lab.underCalls(() => told(() => step.run(lab)), step.also, takes);
  if (idle.length > 0) fault ||= `no call went through ${idle.join(", ")}`;
  const result = { step: title, seconds, ...calls, why: [fault, calls.why].filter(Boolean).join("; ") };
  const bad = fault !== "" || (calls.failed > 0 && !costsCalls);
  if (bad) process.exitCode = 1;
  const line = `  ${lineOf(result).slice(1).join("  ")}  late ${calls.lateMs} ms  ${result.why}`;
  if (bad) talk.bad(line);
  else talk.good(line);
  return result;
}

function sizeOf({ calls, hold, packets, outage, former }: Options): DrillSize {
  return {
    ...{ calls: Number(calls), holdMs: Number(hold) * 1000, packets: Number(packets) },
    ...{ outage: Number(outage), former },
  };
}

function lineOf({ step, seconds, placed, failed, sent, missing }: Result): string[] {
  return [step, ...[seconds, placed, failed, sent, missing].map(String)];
}
