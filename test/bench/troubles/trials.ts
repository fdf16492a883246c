import { setTimeout as sleep } from "node:timers/promises";
import { start } from "../../../src/do/process.js";
import { cli } from "../../support/demo-image.js";
import type { Done } from "../../support/cloud/told.js";
import type { Tried } from "./commands.js";
import type { World } from "./world.js";

/** Descriptions of faults; empty if all is well. */
type Wrong = string[];

interface Trial {
  name: string;
  /** Returns undefined if the trial does not apply to the command. `plain`: the command's calls without trouble. */
  run: (world: World, command: Tried, plain: Plain) => Promise<Wrong | undefined>;
}

/** The calls of a command without trouble: its changes, and all actions. */
export interface Plain {
  changes: string[];
  actions: string[];
}

/** Restores the account's state before the command. */
export async function prepare(world: World, { before }: Tried): Promise<void> {
  await world.renew();
  await before?.(world);
}

const short = ({ code, stdout, stderr }: Done) =>
  `exit ${code}: ${(stderr || stdout).trim().split("\n").slice(-3).join(" / ")}`;

/** Checks that the command failed with a useful message and not with a bug. */
function failure(done: Done, words: RegExp, when: string): Wrong {
  const said = done.code === 1 && words.test(done.stderr) && !done.stderr.includes("bug:");
  return said ? [] : [`${when}: ${short(done)}`];
}

export const trials: readonly Trial[] = [
  {
    name: "twice",
    run: async (world, command) => {
      if (!command.changes) return undefined;
      const [first, second] = [await run(world, command), await run(world, command)];
      if (first.code !== 0) return [short(first)];
      return unsettled(second, "twice");
    },
  },
  {
    name: "dry run",
    run: async (world, command) => {
      if (!command.changes) return undefined;
      const done = await run(world, command, "--dry-run");
      return done.code === 0 && done.changes.length === 0
        ? []
        : [`${short(done)} ${done.changes.join(", ")}`];
    },
  },
  {
    name: "JSON",
    run: async (world, command) => {
      const words = command.offline ? [] : ["--json", ...(command.changes ? ["--dry-run"] : [])];
      const done = await run(world, command, ...words);
      return isJson(done.stdout) ? [] : [`${short(done)}: ${done.stdout.slice(0, 60)}`];
    },
  },
  {
    name: "no credentials",
    run: async (world, command) => {
      world.cloud.overridden = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
      try {
        const done = await run(world, command);
        if (command.offline) return done.code === 0 ? done.changes : [short(done)];
        return [...failure(done, /credentials/i, "without"), ...done.changes];
      } finally {
        world.cloud.overridden = {};
      }
    },
  },
  { name: "no permission", run: (...all) => eachAction(all, { code: "AccessDenied" }, denied) },
  { name: "throttled", run: (...all) => eachAction(all, "throttled", throttled) },
  { name: "killed", run: killedAtEachChange },
  { name: "two at once", run: twoAtOnce },
];

const run = (world: World, { argv }: Tried, ...more: string[]) => world.told(...argv(world.file), ...more);

/** Checks that a command found nothing to do, or nothing to roll back to. */
function unsettled(done: Done, when: string): Wrong {
  if (/no previous version is recorded/.test(done.stderr)) return [];
  // Run Command also queries hosts, so it is no change
  const changes = done.changes.filter((change) => change !== "ssm:SendCommand");
  const settled = done.code === 0 && changes.length === 0;
  return settled ? [] : [`${when}: ${short(done)} ${changes.join(", ")}`];
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

/** Checks that the message names the action; a warning if the command works without it. */
function denied(done: Done, action: string): Wrong {
  const name = action.split(":")[1] ?? "";
  if (done.code === 0)
    return done.stderr.includes(name) || toleratedSilently.has(action) ? [] : [`${action}: silent`];
  return failure(done, new RegExp(`${name}|not permitted|may not`), action);
}

/** Alarms: policies of earlier releases do not allow reading them, and the commands work without alarms. */
const toleratedSilently = new Set(["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"]);

/** Checks that the failure mentions throttling; a warning if the command works without the action. */
function throttled(done: Done, action: string): Wrong {
  const words = /throttl|Rate exceeded/i;
  return done.code === 0 && words.test(done.stderr) ? [] : failure(done, words, action);
}

async function eachAction(
  [world, command, { actions }]: Parameters<Trial["run"]>,
  trouble: "throttled" | { code: string },
  judge: (done: Done, action: string) => Wrong,
): Promise<Wrong> {
  const wrong: Wrong = [];
  for (const action of actions) {
    await prepare(world, command);
    world.cloud.proxy.trouble(action.split(":")[1] ?? "", trouble, { times: 1000 });
    const done = await run(world, command);
    world.cloud.proxy.clear();
    wrong.push(...judge(done, action));
  }
  return wrong;
}

/** Runs the command as a child process, which can be killed. */
function child(world: World, { argv }: Tried) {
  const [program, ...words] = cli;
  return start(
    { argv: [program, ...words, ...argv(world.file)], env: world.cloud.env },
    { stdio: ["ignore", "ignore", "pipe"] },
  );
}

/**
 * Kills the command at each of its changes, before the change is executed. The second run must continue, and a third one find nothing to
 * do.
 */
async function killedAtEachChange(
  world: World,
  command: Tried,
  { changes }: Plain,
): Promise<Wrong | undefined> {
  if (!command.changes) return undefined;
  const wrong: Wrong = [];
  for (const [place, change] of changes.entries()) {
    await prepare(world, command);
    const { proxy } = world.cloud;
    proxy.clear();
    const earlier = changes.slice(0, place).filter((other) => other === change).length;
    proxy.trouble(change.split(":")[1] ?? "", "silence", { times: 1, after: earlier });
    const killed = child(world, command);
    const gone = new Promise((resolve) => killed.once("exit", resolve));
    const deadline = Date.now() + 60_000;
    while (proxy.changes().length <= place && Date.now() < deadline && killed.exitCode === null)
      await sleep(50);
    killed.kill("SIGKILL");
    await gone;
    proxy.clear();
    const again = await run(world, command);
    wrong.push(...unsettled(again.code === 0 ? await run(world, command) : again, `killed before ${change}`));
  }
  return wrong;
}

/** Runs the command twice at the same time: at least one must succeed, and a later run must find nothing to do. */
async function twoAtOnce(world: World, command: Tried): Promise<Wrong | undefined> {
  if (!command.changes) return undefined;
  const ended = [child(world, command), child(world, command)].map(
    (each) =>
      new Promise<{ code: number | null; stderr: string }>((resolve) => {
        let stderr = "";
        each.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
        each.once("exit", (code) => resolve({ code, stderr }));
      }),
  );
  const done = await Promise.all(ended);
  const bug = done.find(({ stderr }) => stderr.includes("bug:"));
  const after = await run(world, command);
  return [
    ...(bug ? [bug.stderr.slice(-200)] : []),
    ...(done.some(({ code }) => code === 0)
      ? []
      : done.map(({ stderr }) => stderr.trim().split("\n").at(-1) ?? "")),
    ...unsettled(after, "afterwards"),
  ];
}
