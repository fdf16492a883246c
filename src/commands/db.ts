import { table } from "../cli/table.js";
import { print, printJson, talk } from "../cli/talk.js";
import type pg from "pg";
import { agrees, diffLines, rowsOfOthers, type DiffLine } from "../compute/dispatcher/diff.js";
import { dispatcherRows, seedSql, type DispatcherRow } from "../compute/dispatcher/seed.js";
import { hostTemplates } from "../do/assets.js";
import { asKamailio } from "../do/database/connect.js";
import { initDatabase, initSql, type InitOptions } from "../do/database/init.js";
import { readTable } from "../do/database/table.js";
import { secretReader } from "../do/secrets.js";
import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import type { Fleet } from "../understand/fleet.js";
import { operationsOf } from "../targets/lookup.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";
import { placeOf, whereOf } from "./where.js";

interface DbOptions {
  dryRun?: boolean;
  json?: boolean;
}

/** `sip-proxy db init FLEET`: creates the role and the database, from the operator's machine. */
export async function dbInit(file: string, options: DbOptions & InitOptions): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const { dbuser_kam, db_kam, dbuser_root } = fleet.database;
  if (options.dryRun) {
    const sql = initSql(fleet.database, options);
    if (options.json) return printJson({ ...whereOf(fleet.database), user: dbuser_root ?? null, sql });
    const who = dbuser_root ?? "(dbuser_root is not given)";
    talk.say(
      `would run this SQL at ${placeOf(fleet.database)} as ${who}, with the password of ${dbuser_kam} instead of ********:`,
    );
    return print(sql);
  }
  const outcome = await initDatabase(fleet.database, secretReader(file), options);
  if (options.json) printJson(outcome);
  else {
    talk.good(`role ${dbuser_kam}: ${outcome.role}; database ${db_kam}: ${outcome.database}`);
    for (const statement of outcome.repaired) talk.good(`in ${db_kam}: ${statement}`);
  }
}

/** `sip-proxy db seed FLEET`: changes the dispatcher table to the fleet file's recorders, now. */
export async function dbSeed(file: string, options: DbOptions & { adopt?: boolean }): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const sql = seedSql(fleet, hostTemplates(), { again: "apply", adopt: options.adopt === true });
  if (options.dryRun) {
    const { db_kam: database } = fleet.database;
    if (options.json) return printJson({ ...whereOf(fleet.database), database, sql });
    talk.say(
      `would run this SQL at ${placeOf(fleet.database)} in ${database} (the database was not contacted):`,
    );
    return print(sql);
  }
  const rows = await asKamailio(fleet.database, secretReader(file), async (client) => {
    await client.query(sql);
    await refuseOlderGeneration(client, fleet);
    const { rows: table } = await client.query<DispatcherRow>(
      "SELECT setid, destination, flags, priority, attrs, description FROM dispatcher ORDER BY id",
    );
    return table;
  });
  if (options.json) printJson(rows);
  else
    talk.good(
      `dispatcher table: ${rows.length} rows, ${dispatcherRows(fleet).length} of them of this fleet file`,
    );
}

/** A seed of a lower generation changes nothing, so the operator gets an error. */
async function refuseOlderGeneration(client: pg.Client, { name, generation }: Fleet): Promise<void> {
  const { rows } = await client.query<{ newest: number }>(
    "SELECT max(generation) AS newest FROM sip_proxy_seed WHERE fleet = $1",
    [name],
  );
  const newest = rows[0]?.newest ?? 0;
  if (newest <= generation) return;
  throw new UserError(
    `nothing was changed: the database has generation ${newest} of ${name}, but the fleet file has generation ${generation}`,
    {
      hint: `set generation: ${newest} or more at the top of the fleet file`,
    },
  );
}

/** `sip-proxy db diff FLEET`: compares the fleet file, the table and, with a target, what each running host has loaded. */
export async function dbDiff(
  file: string,
  { target, json }: Partial<TargetOption> & { json?: boolean },
): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const rows = await readTable(fleet.database, secretReader(file));
  const operations = target === undefined ? undefined : await operationsOf(target);
  const loaded = (await operations?.loaded?.(fleet, fleet.hosts)) ?? [];
  const wanted = dispatcherRows(fleet);
  const lines = diffLines(wanted, rows, loaded);
  if (json) printJson(lines);
  else {
    const hosts = loaded.map(({ host }) => host);
    print(table(["set", "destination", "fleet file", "table", ...hosts], lines.map(diffRow)));
    for (const { text } of rowsOfOthers(fleet.name, wanted, rows)) talk.note(text);
  }
  if (!lines.every(agrees)) process.exitCode = 1;
}

function diffRow({ setid, destination, file, row, differs, drained, hosts }: DiffLine): string[] {
  const inTable =
    row === undefined ? "-" : [`row ${row}`, ...(drained ? ["drained"] : []), ...differs].join(", ");
  return [
    String(setid),
    destination,
    file ?? "-",
    inTable,
    ...Object.values(hosts).map((flags) => flags ?? "-"),
  ].map(printable);
}
