import { count, printJson, talk } from "../cli/talk.js";
import { operationsOf, type TargetName } from "../targets/lookup.js";
import { pathText, type Fault } from "../understand/fault.js";
import { placesIn, reportFaults, type Source } from "../understand/report.js";
import { shortage } from "../compute/dispatcher/connections.js";
import { diffLines, rowsOfOthers } from "../compute/dispatcher/diff.js";
import { dispatcherRows } from "../compute/dispatcher/seed.js";
import { readTableAndRoom } from "../do/database/table.js";
import { secretReader } from "../do/secrets.js";
import { FaultsError, loadFleet, type LoadedFleet } from "./load-fleet.js";
import { renderHost } from "./render-host.js";

interface ValidateOptions {
  json?: boolean;
  /** Also check the database. */
  database?: boolean;
  /** Also check this target. */
  target?: TargetName;
}

/** `sip-proxy validate FLEET`: reports every fault with its line. Secrets need not be available. */
export async function validate(file: string, options: ValidateOptions): Promise<void> {
  try {
    await tellFleet(file, options);
    if (options.database) await tellDatabase(file);
  } catch (error) {
    if (!options.json || !(error instanceof FaultsError)) throw error;
    printJson({ valid: false, faults: plain(error.faults, error.source) });
    process.exitCode = error.exitCode;
  }
}

async function tellFleet(file: string, { json, target }: ValidateOptions): Promise<void> {
  const loaded = loadFleet(file);
  const faults = [...loaded.warnings, ...renderedFaults(loaded)];
  refuseErrors(faults, loaded);
  if (target !== undefined) faults.push(...(await targetFaults(loaded, target)));
  refuseErrors(faults, loaded);
  if (json) {
    printJson({
      valid: true,
      fleet: loaded.fleet.name,
      hosts: loaded.fleet.hosts.map(({ name }) => name),
      warnings: plain(faults, loaded.source),
    });
    return;
  }
  if (faults.length > 0) talk.warn(reportFaults(faults, loaded.source));
  const { hosts, recorders, name } = loaded.fleet;
  talk.good(`${file}: fleet ${name} is valid: ${count(hosts, "host")}, ${count(recorders, "recorder")}`);
}

function refuseErrors(faults: readonly Fault[], { source }: LoadedFleet): void {
  if (faults.some(({ severity }) => severity !== "warning")) throw new FaultsError(faults, source);
}

async function targetFaults({ fleet }: LoadedFleet, target: TargetName): Promise<Fault[]> {
  const { check } = await operationsOf(target);
  return (await check?.(fleet)) ?? [];
}

/** Checks that the database is reachable and has connections for all hosts; lists rows that this fleet did not write. */
async function tellDatabase(file: string): Promise<void> {
  const { fleet } = loadFleet(file);
  const { rows, allowed } = await readTableAndRoom(fleet.database, secretReader(file));
  const short = shortage(fleet, allowed);
  if (short !== undefined) talk.warn(short);
  if (rows === undefined) return talk.warn("dispatcher table: the first host that boots creates it");
  const wanted = dispatcherRows(fleet);
  for (const { text, stays } of rowsOfOthers(fleet.name, wanted, rows))
    talk.warn(`dispatcher table: ${text}${stays ? "; the row is kept" : ""}`);
  const missing = diffLines(wanted, rows, []).filter(({ row }) => row === undefined);
  for (const { destination, file: name } of missing)
    talk.warn(`dispatcher table: no row for ${name ?? ""} (${destination}): run \`sip-proxy db seed\``);
  talk.good(`dispatcher table: ${count(rows, "row")}`);
}

/** Faults that only rendering can find, such as sizes. A text of usual length replaces a secret that is not available. */
function renderedFaults({ fleet }: LoadedFleet): Fault[] {
  const standIn = "x".repeat(32);
  return fleet.hosts.flatMap((host) => renderHost(fleet, host, () => standIn).faults);
}

function plain(faults: readonly Fault[], source: Source) {
  const placeOf = placesIn(source);
  return faults.map((fault) => {
    const { path, message, hint, severity = "error" } = fault;
    return { path: pathText(path), ...placeOf(fault), severity, message, hint };
  });
}
