import { Command } from "commander";
import { setTimeout as sleep } from "node:timers/promises";
import { print, printJson, talk } from "../../../src/cli/talk.js";
import { poll } from "../../../src/do/wait.js";
import { UserError } from "../../../src/errors.js";
import { removeLeftovers } from "../../../src/lab/network/leftovers.js";
import { prepare } from "../../support/set-up.js";
import { faultCases, type FaultCase } from "./cases.js";
import { BootedHost } from "./host.js";

/** Time limit of a first boot, also after a repair, on a busy machine (milliseconds). */
const patience = 240_000;
const ready = /sip-proxy: ready: /;

interface Result {
  title: string;
  /** Seconds until the host was ready, from its start or from the repair of the fault. */
  seconds: number;
  wrong: string[];
}

/** First boots with a fault, and first boots that are cut off at a random time. Exit code 1 if one has a wrong result. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run boots --")
    .argument("[words...]", "faults to try, by words of their titles; all of them by default")
    .option("--kills <number>", "first boots that are cut off at a random moment, and started again", "10")
    .option("--json", "print data");
  program.action(boots);
  await program.parseAsync(argv, { from: "user" });
}

async function boots(words: string[], { kills, json }: { kills: string; json?: boolean }): Promise<void> {
  await prepare("bake", "network", "database");
  await removeLeftovers();
  const host = await BootedHost.prepare();
  const results: Result[] = [];
  const tell = async (result: Result) => {
    results.push(result);
    const line = `${result.title}: ready after ${result.seconds} s`;
    if (result.wrong.length === 0) return talk.good(line);
    process.exitCode = 1;
    talk.bad(`${line}; ${result.wrong.join("; ")}`);
    await host.keepConsole(result.title);
  };
  const round = async (title: string, work: () => Promise<Omit<Result, "title">>) => {
    try {
      await tell({ title, ...(await work()) });
    } finally {
      await host.remove();
    }
  };
  try {
    let usual: string[] = [];
    let whole = 0;
    await round("a boot without a fault", async () => {
      await host.start();
      const seconds = await untilSaid(host, ready);
      usual = await host.listening();
      whole = seconds;
      return { seconds, wrong: await host.wrongFiles() };
    });
    const wanted = faultCases.filter(
      ({ title }) => words.length === 0 || words.some((word) => title.includes(word)),
    );
    for (const one of wanted) await round(one.title, () => withFault(host, one, usual));
    for (let n = 1; n <= Number(kills); n++) {
      const after = Math.round(Math.random() * whole * 1000);
      await round(`cut off after ${after} ms (${n})`, () => cutOff(host, after, usual));
    }
  } finally {
    await host.stop();
  }
  const bad = results.filter(({ wrong }) => wrong.length > 0).length;
  if (json) printJson(results);
  else print(`${results.length} first boots, ${bad} of them wrong\n`);
}

async function withFault(
  host: BootedHost,
  { before, userData, says, mend, other }: FaultCase,
  usual: readonly string[],
): Promise<Omit<Result, "title">> {
  const wrong: string[] = [];
  await host.make();
  await before?.(host);
  if (userData) await host.giveUserData(userData(host.rendered));
  await host.start();
  const began = performance.now();
  await noteFailure(wrong, () => untilSaid(host, says === "ready" ? ready : says));
  if (mend !== undefined) {
    if (!ready.test(await host.console())) wrong.push(...strangers(await host.listening(), idle));
    await mend(host);
  }
  const mended = mend === undefined ? began : performance.now();
  await noteFailure(wrong, () => untilSaid(host, ready));
  const seconds = Math.round((performance.now() - mended) / 100) / 10;
  return { seconds, wrong: [...wrong, ...(await untilRight(host, usual, other))] };
}

/** Ports of a host without a configuration: SSH, DNS, LLMNR and DHCP. */
const idle = /:(22|53|5355|68|546)$/;

async function cutOff(
  host: BootedHost,
  after: number,
  usual: readonly string[],
): Promise<Omit<Result, "title">> {
  await host.start();
  await sleep(after);
  const wrong = strangers(await host.listening(), idle, usual);
  await host.cutOff();
  await host.start();
  let seconds = 0;
  await noteFailure(wrong, async () => (seconds = await untilSaid(host, ready)));
  return { seconds, wrong: [...wrong, ...(await untilRight(host, usual))] };
}

/** Faults that remain after a while, because cloud-init may restart. Returns at once if the host listens on a wrong address. */
async function untilRight(host: BootedHost, usual: readonly string[], other?: string): Promise<string[]> {
  let wrong: string[] = [];
  const look = async () => {
    wrong = await howItIs(host, usual, other);
    return wrong.length === 0 || wrong.some((fault) => fault.startsWith(listens)) ? true : undefined;
  };
  await poll(look, { timeout: patience, pause: 200 });
  return wrong;
}

/** Faults of a ready host: wrong files, and sockets other than those of a host of this fleet. */
async function howItIs(host: BootedHost, usual: readonly string[], other?: string): Promise<string[]> {
  const wrong = await host.wrongFiles();
  const files = wrong.filter((path) => path !== other).map((path) => `${path} is not as it should be`);
  if (other !== undefined && !wrong.includes(other)) files.push(`${other} differs from user-data`);
  const listening = await host.listening();
  if (!(await host.hadRoom())) files.push("its first boot is not over");
  const missing = usual
    .filter((socket) => !listening.includes(socket))
    .map((socket) => `${socket} is not listened on`);
  return [...files, ...missing, ...strangers(listening, /^$/, usual)];
}

const listens = "listens on";

function strangers(listening: readonly string[], allowed: RegExp, usual: readonly string[] = []): string[] {
  return listening
    .filter((socket) => !allowed.test(socket) && !usual.includes(socket))
    .map((socket) => `${listens} ${socket}`);
}

/** Seconds until the text is on the console. */
async function untilSaid(host: BootedHost, words: RegExp): Promise<number> {
  const began = performance.now();
  for (;;) {
    const text = await host.console();
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    if (words.test(text)) return seconds;
    if (seconds * 1000 > patience)
      throw new UserError(
        `it has not said ${words} in ${seconds} s: ${text.trim().split("\n").slice(-3).join(" | ")}`,
      );
    await sleep(100);
  }
}

async function noteFailure(wrong: string[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    wrong.push(error.message);
  }
}
