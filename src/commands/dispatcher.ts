import { table } from "../cli/table.js";
import { print, printJson, talk } from "../cli/talk.js";
import { diffLines, type TableRow } from "../compute/dispatcher/diff.js";
import { drainSql, type DrainChoices } from "../compute/dispatcher/drain.js";
import { rowsOf } from "../compute/dispatcher/named.js";
import { dispatcherRows } from "../compute/dispatcher/seed.js";
import { lookScript, readLook, type HostLook } from "../compute/operate/look.js";
import { shellQuote } from "../compute/quote/shell.js";
import { readAsset } from "../do/assets.js";
import { asKamailio } from "../do/database/connect.js";
import { readTable } from "../do/database/table.js";
import { secretReader } from "../do/secrets.js";
import { UsageError, UserError } from "../errors.js";
import { printable } from "../printable.js";
import type { Reached } from "../targets/reach.js";
import type { Fleet } from "../understand/fleet.js";
import { DISABLED } from "../understand/settings/recorder.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import { answerOf, failUnlessAll, onEach, reachNamed, type ReachOptions } from "./reach.js";

export interface DispatcherOptions extends ReachOptions {
  dryRun?: boolean;
  json?: boolean;
}

/** Milliseconds for a host to answer. */
const PATIENCE = 30_000;

/** `sip-proxy dispatcher list FLEET`: shows the table, and what each host has loaded, with the current calls of recorders. */
export async function dispatcherList(file: string, options: DispatcherOptions): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const rows = await readTable(fleet.database, secretReader(file));
  const asked = options.target !== undefined || options.ssh === true;
  const reached = asked ? await reachNamed(fleet, [], options) : [];
  const looks = await lookAtEach(reached);
  failUnlessAll(looks, reached);
  const lines = listLines(fleet, rows, looks);
  if (options.json) return printJson(lines);
  const hosts = [...looks.keys()];
  const text = lines.map(({ set, recorder, destination, service, hosts: on }) => [
    ...[String(set), recorder ?? "-", destination, service],
    ...hosts.map((host) => stateText(on[host])),
  ]);
  print(
    table(
      ["set", "recorder", "destination", "table", ...hosts],
      text.map((row) => row.map(printable)),
    ),
  );
}

interface OnHost {
  /** The flags as Kamailio shows them, such as AP or DX; null if the host has not loaded the destination. */
  flags: string | null;
  calls: number | null;
}

function listLines(fleet: Fleet, rows: readonly TableRow[], looks: ReadonlyMap<string, HostLook>) {
  const loaded = [...looks].map(([host, { targets }]) => ({ host, targets }));
  return diffLines(dispatcherRows(fleet), rows, loaded).map(
    ({ setid, destination, row: id, file, hosts }) => {
      const row = rows.find((one) => one.id === id);
      const calls = (host: string) =>
        looks.get(host)?.calls?.filter(({ recorder }) => recorder === destination).length ?? null;
      const on = Object.entries(hosts).map(([host, flags]): [string, OnHost] => [
        host,
        { flags: flags ?? null, calls: calls(host) },
      ]);
      return {
        set: setid,
        recorder: file ?? row?.description,
        destination,
        service: serviceOf(row),
        hosts: Object.fromEntries(on),
      };
    },
  );
}

function serviceOf(row: TableRow | undefined): string {
  if (row === undefined) return "not in the table";
  if (row.drained) return "drained";
  return row.flags & DISABLED ? "disabled (flags)" : "in service";
}

function stateText(on: OnHost | undefined): string {
  if (on?.flags == null) return "-";
  return on.calls === null ? on.flags : `${on.flags}, ${on.calls} ${on.calls === 1 ? "call" : "calls"}`;
}

/** What each host has loaded now. Warns about a host that does not answer. */
export function lookAtEach(
  hosts: readonly Reached[],
  before: readonly string[] = [],
): Promise<Map<string, HostLook>> {
  return onEach(hosts, async (host) => readLook(answerOf(await host.run(lookScript(before), PATIENCE))));
}

/** `sip-proxy dispatcher reload FLEET`: makes every host read the table now, and shows the result. */
export async function dispatcherReload(file: string, options: DispatcherOptions): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  if (options.dryRun) {
    if (options.json) printJson({ told: false });
    return talk.say("would notify the hosts through the database, so that they read the table");
  }
  await asKamailio(fleet.database, secretReader(file), (client) =>
    client.query("SELECT pg_notify('sip_proxy_dispatcher', '')"),
  );
  if (options.json) printJson({ told: true });
  talk.good(
    `hosts were notified; hosts without a permanent connection read the table within dispatcher_poll. Recorders that are down stay down.`,
  );
}

/** States of a destination, as arguments of Kamailio's dispatcher.set_state. */
export const states = { active: "ap", inactive: "ip", disabled: "dx" } as const;

/** `sip-proxy dispatcher set-state FLEET STATE RECORDER`: on every host, until Kamailio restarts or OPTIONS pings change the state. */
export async function dispatcherSetState(
  file: string,
  state: keyof typeof states,
  recorder: string,
  options: DispatcherOptions,
): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const rows = await recorderRows(fleet, file, recorder);
  if (state !== "disabled" && rows.some(({ drained }) => drained))
    throw new UsageError(`${recorder} is drained`, `sip-proxy dispatcher undrain FLEET ${recorder}`);
  const commands = rows.map(({ setid, destination }) =>
    ["kamcmd", "dispatcher.set_state", states[state], String(setid), destination].map(shellQuote).join(" "),
  );
  if (options.dryRun) {
    if (options.json) printJson({ would: commands });
    return talk.say(`would run on each host: ${commands.join("; ")}`);
  }
  const hosts = await reachNamed(fleet, [], options);
  const looks = await lookAtEach(hosts, commands);
  const lines = listLines(fleet, await readTable(fleet.database, secretReader(file)), looks).filter((line) =>
    rows.some(({ setid, destination }) => line.set === setid && line.destination === destination),
  );
  if (options.json) printJson(lines);
  else
    for (const { destination, hosts: on } of lines)
      for (const [host, its] of Object.entries(on)) talk.say(`${host}: ${destination} is ${stateText(its)}`);
  failUnlessAll(looks, hosts);
  const differ = lines.flatMap(({ destination, hosts: on }) =>
    Object.entries(on).flatMap(([host, its]) => (hasState(its, state) ? [] : [`${host} (${destination})`])),
  );
  if (differ.length > 0)
    throw new UserError(`${recorder} is not ${state} on ${differ.join(", ")}`, {
      hint: "a host can set the state of loaded recorders only; see: sip-proxy dispatcher list FLEET, sip-proxy doctor FLEET",
    });
}

/** Whether Kamailio's flags match the state that was set. OPTIONS pings may have changed active and inactive since. */
function hasState({ flags }: OnHost, state: keyof typeof states): boolean {
  return flags !== null && (state === "disabled") === flags.startsWith("D");
}

/** The recorder's rows in the table. Throws UsageError if there are none. */
export async function recorderRows(fleet: Fleet, file: string, recorder: string): Promise<TableRow[]> {
  const all = await readTable(fleet.database, secretReader(file));
  const rows = rowsOf(all, fleet, recorder);
  if (rows.length > 0) return rows;
  throw new UsageError(
    `the dispatcher table has no row for ${recorder}`,
    `choose from: ${all.map(({ description, destination }) => description || destination).join(", ") || "none"}`,
  );
}

/** SQL that drains rows, or that lets them get calls again. */
export function drainSqlOf(rows: readonly TableRow[], choices: DrainChoices): string {
  return drainSql(readAsset("templates/sql/drain.sql.hbs"), rows, choices);
}
