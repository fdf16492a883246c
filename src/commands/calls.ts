import { setTimeout as sleep } from "node:timers/promises";
import { table } from "../cli/table.js";
import { print, printJson, talk } from "../cli/talk.js";
import type { Call } from "../compute/operate/call.js";
import { callHeadings, callRow, changes } from "../compute/operate/shown-call.js";
import { destination } from "../understand/destination.js";
import { printable } from "../printable.js";
import type { Reached } from "../targets/reach.js";
import { lookAtEach } from "./dispatcher.js";
import { loadFleet } from "./load-fleet.js";
import { failUnlessAll, pauseFor, reachNamed, type ReachOptions } from "./reach.js";

export interface CallsOptions extends ReachOptions {
  follow?: boolean;
  json?: boolean;
}

type HostCall = Call & { host: string };

/** With --follow: milliseconds between two queries. */
const PAUSE = 2_000;

/** `sip-proxy calls FLEET [NAME…]`: lists current calls; with --follow, also calls that begin and end later. */
export async function calls(file: string, names: string[], options: CallsOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const hosts = await reachNamed(fleet, names, options);
  const recorders = new Map(fleet.recorders.map((recorder) => [destination(recorder), recorder.name]));
  const row = (call: HostCall) => callRow(call.host, call, recorders).map(printable);
  const mute = new Set<string>();
  const first = await callsOf(hosts, mute);
  failUnlessAll(first, hosts);
  const now = [...first.values()].flat();
  if (options.json && !options.follow) return printJson(now);
  if (!options.json) print(table(callHeadings, now.map(row)));
  if (!options.follow) return;
  for (let before: ReadonlyMap<string, readonly HostCall[]> = first; ;) {
    await sleep(pauseFor(hosts, PAUSE));
    const { began, ended, known } = changes(before, await callsOf(hosts, mute));
    for (const [event, list] of Object.entries({ began, ended }))
      for (const call of list)
        print(
          options.json
            ? `${JSON.stringify({ event, ...call })}\n`
            : `${event.padEnd(6)} ${row(call).join("  ")}\n`,
        );
    before = known;
  }
}

/** The calls of each host that answers. `mute`: hosts whose image cannot list calls and for which this was already reported. */
async function callsOf(hosts: readonly Reached[], mute: Set<string>): Promise<Map<string, HostCall[]>> {
  const looks = await lookAtEach(hosts);
  for (const [host, { calls, count }] of looks)
    if (calls === undefined && !mute.has(host)) {
      talk.warn(
        `${host}: its image does not support the list of calls; ${count ?? "an unknown number"} are up`,
      );
      mute.add(host);
    }
  return new Map(
    [...looks].map(([host, look]) => [host, (look.calls ?? []).map((call) => ({ host, ...call }))]),
  );
}
