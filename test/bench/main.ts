import { Command, Option } from "commander";
import { printJson, print, talk } from "../../src/cli/talk.js";
import { table } from "../../src/cli/table.js";
import { rtpproxyFiles, rtpproxySkipped } from "../support/proxy/rtpproxy.js";
import { removeLeftovers } from "../../src/lab/network/leftovers.js";
import type { Relay } from "../support/call-lab.js";
import { prepare } from "../support/set-up.js";
import { written } from "./figures.js";
import { chosen, runRow, type Result } from "./row.js";
import { rows } from "./rows/index.js";

interface Options {
  relay: Relay;
  json?: boolean;
  list?: boolean;
}

/** Runs the named rows, or all, one after the other. Exit code 1 if one does not hold. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run bench:calls --")
    .argument("[rows...]", "rows to run (a name, or its first words); all of them by default")
    .addOption(
      new Option("--relay <relay>", "media relay (rtpproxy needs RTPPROXY_SOURCE)")
        .choices(["rtpengine", "rtpproxy"])
        .default("rtpengine"),
    )
    .option("--json", "print data instead of a table")
    .option("--list", "only tell which rows there are");
  program.action((words: string[], options: Options) => bench(words, options));
  await program.parseAsync(argv, { from: "user" });
}

async function bench(words: string[], { relay, json, list }: Options): Promise<void> {
  const wanted = chosen(rows, words);
  if (list)
    return print(
      table(
        ["row", "test", "to hold"],
        wanted.map((row) => [row.name, row.test, row.toHold]),
      ),
    );
  await prepare("network", "database", "proxies", "bench");
  await removeLeftovers();
  if (relay === "rtpproxy" && !(await rtpproxyFiles())) throw new Error(rtpproxySkipped);
  const results: Result[] = [];
  for (const row of wanted) {
    talk.note(`${row.name} (${relay}): ${row.test}`);
    const result = await runRow(row, relay);
    results.push(result);
    const line = `  ${measured(result)} [${result.seconds} s]`;
    if (result.held) talk.good(line);
    else talk.bad(line);
  }
  if (json) printJson(results);
  else print(tableOf(results));
  if (results.some(({ held }) => !held)) process.exitCode = 1;
}

function tableOf(results: Result[]): string {
  const lines = results.map((result) => [
    result.name,
    result.relay,
    result.test,
    result.toHold,
    measured(result),
    result.held ? "yes" : "NO",
  ]);
  return table(["row", "relay", "test", "to hold", "measured", "held"], lines);
}

function measured({ figures, fault }: Result): string {
  return fault ?? figures.map(written).join(", ");
}
