import { tellingWhatStays } from "../cli/interrupt.js";
import { runSteps } from "../cli/steps.js";
import { print, printJson, talk } from "../cli/talk.js";
import type { TableRow } from "../compute/dispatcher/diff.js";
import type { DrainChoices } from "../compute/dispatcher/drain.js";
import { UserError } from "../errors.js";
import type { Fleet } from "../understand/fleet.js";
import { DISABLED } from "../understand/settings/recorder.js";
import { drainSqlOf, recorderRows, type DispatcherOptions } from "./dispatcher.js";
import { secondsOf } from "./launch.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import { reachHosts } from "./reach.js";
import { Drain } from "./drain-steps.js";
import { placeOf, whereOf } from "./where.js";

export interface DrainOptions extends DispatcherOptions {
  wait: boolean;
  timeout: string;
  /** Drain even the last recorder of a set. */
  force?: boolean;
}

/** `sip-proxy dispatcher drain FLEET RECORDER`: no host sends it new calls until `undrain`; waits until its calls have ended. */
export async function drainRecorder(file: string, recorder: string, options: DrainOptions): Promise<void> {
  const timeout = secondsOf(options.timeout);
  const { fleet } = loadFleetAndWarn(file);
  const rows = await recorderRows(fleet, file, recorder);
  if (options.dryRun) return tellSql(fleet, rows, { force: options.force === true }, options);
  const hosts = options.wait ? await reachHosts(fleet, fleet.hosts, options) : [];
  const drain = new Drain(fleet, file, rows, hosts);
  const steps = drain.steps(timeout, options.force);
  const times = await tellingWhatStays(
    () =>
      `${recorder} may still be drained: run the same command again to continue, or sip-proxy dispatcher undrain FLEET ${recorder}`,
    () => runSteps(options.wait ? steps : steps.slice(0, 1)),
  );
  const seconds = times.reduce((sum, step) => sum + step.seconds, 0);
  const missing = drain.missing();
  if (options.json) printJson({ recorder, rows: rows.map(shown), left: drain.left, seconds });
  else if (!options.wait)
    talk.good(`${recorder} gets no new calls; not waiting for its current calls (--no-wait)`);
  else if (missing.length === 0)
    talk.good(`${recorder} has no calls on ${hosts.length} hosts, after ${Math.round(seconds)} s`);
  if (missing.length > 0)
    throw new UserError(
      `${recorder} gets no new calls, but these hosts did not report whether it has any: ${missing.join(", ")}`,
      {
        hint: "run the same command again when they are reachable; hosts that no longer exist have no calls",
      },
    );
}

/** `sip-proxy dispatcher undrain FLEET RECORDER`: hosts send it new calls again. */
export async function undrainRecorder(
  file: string,
  recorder: string,
  options: DispatcherOptions,
): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const rows = await recorderRows(fleet, file, recorder);
  refuseDisabled(fleet, recorder);
  if (options.dryRun) return tellSql(fleet, rows, { undo: true }, options);
  const asked = options.target !== undefined || options.ssh === true;
  const drain = new Drain(fleet, file, rows, asked ? await reachHosts(fleet, fleet.hosts, options) : []);
  await runSteps(drain.undoSteps());
  if (options.json) printJson({ recorder, rows: rows.map(shown) });
  else talk.good(`${recorder} gets calls again${asked ? "" : ", within dispatcher_poll"}`);
}

function refuseDisabled({ recorders }: Fleet, recorder: string): void {
  const flags = recorders.find(({ name }) => name === recorder)?.siprec_flags ?? 0;
  if ((flags & DISABLED) === 0) return;
  throw new UserError(`the fleet file itself disables ${recorder} (siprec_flags: ${flags})`, {
    hint: "change siprec_flags, then: sip-proxy db seed FLEET",
  });
}

const shown = ({ setid, destination }: TableRow) => ({ set: setid, destination });

function tellSql(
  fleet: Fleet,
  rows: readonly TableRow[],
  choices: DrainChoices,
  { json }: DispatcherOptions,
): void {
  const { db_kam: database } = fleet.database;
  const sql = drainSqlOf(rows, choices);
  if (json) return printJson({ ...whereOf(fleet.database), database, sql });
  talk.say(`would run this SQL at ${placeOf(fleet.database)} in ${database}:`);
  print(sql);
}
