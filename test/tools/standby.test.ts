import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { withConnection } from "../../src/do/database/connect.js";
import { initDatabase } from "../../src/do/database/init.js";
import { readTable } from "../../src/do/database/table.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { databaseAt } from "../support/database-at.js";
import { eventually } from "../support/eventually.js";
import { fleetOf, reveal } from "../support/fleets.js";
import { boot, kamailioOptions, listOf, newRoot, patient, script } from "../support/host-root.js";
import { startWatcher, type Watcher } from "../support/watch.js";

// A primary and its standby: programs find the server that accepts writes, independent of the order in dbhost, also after a failover. The
// tests of this file depend on each other and run in order.

let primary: Postgres;
let standby: Postgres;
let folder: string;
let watcher: Watcher | undefined;
beforeAll(async () => {
  primary = await startPostgres();
  standby = await startPostgres({ standbyOf: primary });
  folder = mkdtempSync(join(tmpdir(), "standby-"));
});
afterAll(async () => {
  await watcher?.stop();
  await standby.stop();
  await primary.stop();
  rmSync(folder, { recursive: true });
});

/** Database settings of a fleet file. The standby comes first, which is the most difficult order. */
const access = (more: object = {}) =>
  databaseAt(primary, { dbhost: "127.0.0.1,127.0.0.1", dbport: [standby.port, primary.port], ...more });
const hostAt = (name: string, more: object = {}) =>
  newRoot(join(folder, name), { database: access({ bootstrap: "first-boot", ...more }) });
const serviceFile = (root: string) => readFileSync(join(root, "run/sip-proxy/pg_service.conf"), "utf8");

const seed = async (...last: number[]) => {
  const recorders = Object.fromEntries(
    last.map((n) => [`recorder${n}`, { private_ip_address: `10.0.0.${n}` }]),
  );
  const { database } = fleetOf({ database: access() });
  const login = { user: "kamailio", password: database.dbpass_kam, database: "kamailio" };
  const sql = seedSql(fleetOf({ recorders }), hostTemplates(), { again: "apply" });
  await withConnection(database, login, reveal, (client) => client.query(sql));
};

test("the first boot creates, seeds and reads where writes are taken, and has Kamailio and kamctl go there first", async () => {
  const root = await hostAt("one");
  await boot(root);
  expect(listOf(root)).toHaveLength(2);
  expect(serviceFile(root)).toContain(`host=127.0.0.1,127.0.0.1\nport=${primary.port},${standby.port}\n`);
  expect(existsSync(join(root, "run/sip-proxy/secrets/dbpass_root"))).toBe(false);
  const local = readFileSync(join(root, "etc/kamailio/kamailio-local.cfg"), "utf8");
  expect(local).toContain('DBURL "postgres://kamailio@/kamailio"');
});

test("so do db init, db seed and db diff", async () => {
  const { database } = fleetOf({ database: access() });
  expect(await initDatabase(database, reveal)).toMatchObject({ database: "exists" });
  await seed(3, 4, 5);
  expect(await readTable(database, reveal)).toHaveLength(3);
});

test("a host follows the one that takes writes, and hears of a seed there", async () => {
  const root = join(folder, "one");
  const following = startWatcher(root);
  watcher = following;
  await eventually(async () => expect(await following.look()).toMatchObject({ rows: 3, kept: true }));
  const waiting = following.wait(900);
  await seed(3, 4, 5, 6);
  expect((await waiting).seconds).toBeLessThan(900);
  await eventually(async () => expect(await following.look()).toMatchObject({ rows: 4, kept: true }));
});

test("without one, hosts keep their lists, a boot starts from its own, and what each server says is told", async () => {
  await eventually(async () =>
    expect(await standby.query("SELECT FROM dispatcher", "kamailio")).toHaveLength(4),
  );
  await primary.stop();
  const following = watcher;
  const each = new RegExp(
    `^127.0.0.1:${standby.port}: the server is read-only; 127.0.0.1:${primary.port}: .*refused`,
  );
  await eventually(async () => expect((await following?.look())?.error).toMatch(each));
  const root = join(folder, "one");
  const { stdout: told } = await script(root, "database", { args: ["once", "60"] });
  expect(told).toMatch(/at 127\.0\.0\.1:\d+: .*read-only.*; at 127\.0\.0\.1:\d+: .*Connection refused/);
  const { exitCode, stdout } = await script(root, "database");
  expect(exitCode).toBe(0);
  expect(stdout).toContain("database not reachable: starting from the list of");
  await script(root, "dispatcher-source");
  expect(kamailioOptions(root)).toContain("-A WITH_LAST_GOOD_LIST");
  await expect(seed(3)).rejects.toMatchObject({
    hint: expect.stringContaining("read-only, possibly a standby") as string,
  });
});

test("a first boot waits for the promotion of the standby; then all go there", async () => {
  const root = await hostAt("two");
  await script(root, "configure");
  let promoted: Promise<unknown> | undefined;
  const onLine = (line: string) => {
    if (line.includes("attempt 2 of")) promoted = standby.query("SELECT pg_promote()");
  };
  const { exitCode } = await script(root, "database", { ...patient, onLine });
  await promoted;
  expect(exitCode).toBe(0);
  expect(listOf(root)).toHaveLength(4);
  await seed(3, 4);
  const following = watcher;
  await eventually(async () => expect(await following?.look()).toMatchObject({ rows: 2, kept: true }));
});

test("a server that turns read-only under a connection that is kept is left", async () => {
  const following = watcher;
  const readOnly = (is: "on" | "off") =>
    standby
      .query(`ALTER SYSTEM SET default_transaction_read_only = ${is}`)
      .then(() => standby.query("SELECT pg_reload_conf()"));
  await readOnly("on");
  await eventually(async () => expect((await following?.look())?.error).toMatch(/the server is read-only/));
  await readOnly("off");
  await eventually(async () => expect(await following?.look()).toMatchObject({ rows: 2, kept: true }));
});
