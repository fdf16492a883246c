import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, talk } from "../../../src/cli/talk.js";
import { removeLeftovers } from "../../../src/lab/network/leftovers.js";
import type { CallLab, Relay } from "../../support/call-lab.js";
import { rtpproxyFiles, rtpproxySkipped } from "../../support/proxy/rtpproxy.js";
import { prepare } from "../../support/set-up.js";
import { withLab } from "../lab.js";
import { platforms, recorders } from "./trials.js";
import type { Outcome, Trial } from "./trial.js";

interface Result extends Outcome {
  what: string;
  relay: Relay;
}

/** Calls with third-party software, through both relays. Exit code 1 if one of them fails. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run interop --").argument(
    "[words...]",
    "trials to run, by words of their names; all of them by default",
  );
  program.action((words: string[]) => interop(words));
  await program.parseAsync(argv, { from: "user" });
}

async function interop(words: string[]): Promise<void> {
  await prepare("network", "database", "proxies", "bench", "packets", "interop");
  await removeLeftovers();
  const chosen = (trials: Trial[]) =>
    trials.filter(({ what }) => words.length === 0 || words.some((word) => what.includes(word)));
  const results: Result[] = [];
  for (const relay of await relays()) {
    const settings = { trusted: ["203.0.113.0/24"] };
    const one = { recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" } };
    await withLab(relay, { recorders: one, settings }, async (lab) => {
      results.push(...(await each(lab, relay, chosen(platforms))));
      await lab.recorder("recorder0").stop();
      results.push(...(await each(lab, relay, chosen(recorders))));
    });
  }
  const lines = results.map(({ what, relay, tries, good, note }) => [
    what,
    relay,
    String(tries),
    String(good),
    note,
  ]);
  print(table(["what", "relay", "tries", "good", "note"], lines));
  if (results.some(({ tries, good }) => good < tries)) process.exitCode = 1;
}

async function relays(): Promise<Relay[]> {
  if (await rtpproxyFiles()) return ["rtpengine", "rtpproxy"];
  talk.note(rtpproxySkipped);
  return ["rtpengine"];
}

async function each(lab: CallLab, relay: Relay, trials: Trial[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const { what, run } of trials) {
    talk.note(`${what} (${relay})`);
    const outcome = await run(lab).catch((error: Error) => ({ tries: 1, good: 0, note: error.message }));
    const { tries, good, note } = outcome;
    const line = `  ${good} of ${tries}  ${note}`;
    if (good === tries) talk.good(line);
    else talk.bad(line);
    results.push({ what, relay, ...outcome });
  }
  return results;
}
