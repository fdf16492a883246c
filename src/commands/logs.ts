import { setTimeout as sleep } from "node:timers/promises";
import { print } from "../cli/talk.js";
import { journalScript, readJournal } from "../compute/operate/journal.js";
import { UsageError } from "../errors.js";
import { printable } from "../printable.js";
import type { Reached } from "../targets/reach.js";
import { loadFleet } from "./load-fleet.js";
import { answerOf, failUnlessAll, onEach, pauseFor, reachNamed, type ReachOptions } from "./reach.js";

export interface LogsOptions extends ReachOptions {
  since: string;
  grep?: string;
  follow?: boolean;
}

/** Milliseconds: for a host's journal; with --follow, between two queries. */
const PATIENCE = 60_000;
const PAUSE = 2_000;

/** `sip-proxy logs FLEET [NAME…]`: prints log lines of Kamailio, the media relay and sip-proxy, of all hosts in order of time. */
export async function logs(file: string, names: string[], options: LogsOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const hosts = await reachNamed(fleet, names, options);
  const cursors = new Map<string, string>();
  for (;;) {
    await printNew(hosts, cursors, options);
    if (!options.follow) return;
    await sleep(pauseFor(hosts, PAUSE));
  }
}

async function printNew(
  hosts: readonly Reached[],
  cursors: Map<string, string>,
  { since, grep }: LogsOptions,
): Promise<void> {
  const found = await onEach(hosts, async (host) => {
    const cursor = cursors.get(host.name);
    const from = cursor === undefined ? { since } : { cursor };
    const done = await host.run(journalScript({ ...from, grep }), PATIENCE);
    if (/^Failed to parse timestamp/m.test(done.stderr))
      throw new UsageError(
        `--since must be a time as journalctl takes it; got ${since}`,
        'such as "10 min ago", today, "2026-11-28 17:00" (UTC)',
      );
    return readJournal(answerOf(done));
  });
  failUnlessAll(found, hosts);
  const lines = [...found].flatMap(([host, journal]) => {
    if (journal.cursor !== undefined) cursors.set(host, journal.cursor);
    return journal.lines.map((line) => ({ ...line, host }));
  });
  // times compare as texts: each host's journal prints UTC
  lines.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
  for (const { time, host, text } of lines) print(`${time}  ${host}  ${printable(text)}\n`);
}
