import pc from "picocolors";
import { print, printJson } from "../cli/talk.js";
import { readFindings, type Finding } from "../compute/operate/finding.js";
import { readAsset } from "../do/assets.js";
import { printable } from "../printable.js";
import { loadFleet } from "./load-fleet.js";
import { answerOf, failUnlessAll, onEach, reachNamed, type ReachOptions } from "./reach.js";

/** Milliseconds for all checks of a host together; each check also has a limit of its own. */
const PATIENCE = 90_000;

const colours = { ok: pc.green, note: pc.yellow, bad: pc.red } as const;

/** `sip-proxy doctor FLEET [NAME…]`: runs the checks that an expert would run on a host, in order. Exit code 1 if one fails. */
export async function doctor(
  file: string,
  names: string[],
  options: ReachOptions & { json?: boolean },
): Promise<void> {
  const { fleet } = loadFleet(file);
  const hosts = await reachNamed(fleet, names, options);
  const script = readAsset("templates/operate/doctor.sh");
  const found = await onEach(hosts, async (host) => readFindings(answerOf(await host.run(script, PATIENCE))));
  if (options.json) printJson(Object.fromEntries(found));
  else for (const [host, findings] of found) print(text(host, findings));
  const isBad = [...found.values()].some(
    (all) => all.length === 0 || all.some(({ state }) => state === "bad"),
  );
  if (isBad) process.exitCode = 1;
  failUnlessAll(found, hosts);
}

function text(host: string, findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ state, subject, finding, wayOut }) => [
    `  ${colours[state](state.padEnd(4))}  ${subject.padEnd(11)}  ${printable(finding)}`,
    ...(wayOut === "" ? [] : [`${" ".repeat(21)}${pc.dim(`→ ${printable(wayOut)}`)}`]),
  ]);
  return [pc.bold(host), ...lines, "", ""].join("\n");
}
