import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, talk } from "../../../src/cli/talk.js";
import { Cloud } from "../../support/cloud/cloud.js";
import { prepare as install } from "../../support/set-up.js";
import { commands, type Tried } from "./commands.js";
import { prepare, trials, type Plain } from "./trials.js";
import { World } from "./world.js";

/** Tries each command with each trouble, on an emulator of AWS. Exit code 1 if one of them fails. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run troubles --").argument(
    "[words...]",
    "commands to try, by words of them; all of them by default",
  );
  program.action((words: string[]) => tryAll(words));
  await program.parseAsync(argv, { from: "user" });
}

async function tryAll(words: string[]): Promise<void> {
  await install("bake", "network");
  const cloud = await Cloud.start();
  try {
    const world = await World.of(cloud);
    const chosen = commands.filter(
      (command) => words.length === 0 || words.some((word) => nameOf(command).includes(word)),
    );
    const rows: string[][] = [];
    for (const command of chosen) rows.push(await row(world, command));
    print(table(["command", "calls", "plain", ...trials.map(({ name }) => name)], rows));
    if (rows.some((cells) => cells.includes("FAILED"))) process.exitCode = 1;
  } finally {
    await cloud.stop();
  }
}

const nameOf = ({ argv }: Tried) =>
  argv("FLEET")
    .filter((word) => !["FLEET", "image.lock", "--target", "ec2", "sipproxy0"].includes(word))
    .join(" ");

async function row(world: World, command: Tried): Promise<string[]> {
  const name = nameOf(command);
  talk.note(name);
  await prepare(world, command);
  const done = await world.told(...command.argv(world.file));
  const actions = [...new Set(world.cloud.proxy.actions())];
  const plain: Plain = { changes: done.changes, actions };
  const good = done.code === (command.code ?? 0);
  if (!good) talk.bad(`  plain: ${done.stderr.trim()}`);
  const cells = [name, String(actions.length), good ? "good" : "FAILED"];
  for (const trial of trials) {
    await prepare(world, command);
    const wrong = await trial.run(world, command, plain);
    for (const line of wrong ?? []) talk.bad(`  ${trial.name}: ${line}`);
    cells.push(wrong === undefined ? "-" : wrong.length === 0 ? "good" : "FAILED");
  }
  return cells;
}
