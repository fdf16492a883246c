import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { withConnection } from "../../src/do/database/connect.js";
import { initDatabase } from "../../src/do/database/init.js";
import { readTableAndRoom } from "../../src/do/database/table.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { fleetOf, reveal } from "../support/fleets.js";
import { boot, listOf, newRoot, patient, script } from "../support/host-root.js";
import { poolSize, startPooler, type Pooler, type PoolMode } from "../support/pgbouncer.js";
import { slackFromNow } from "../support/slack.js";

// A pooler in front of the server: each transaction of a client can use any of its few connections.

const passwords = { postgres: "root-secret", kamailio: "secret" };
let postgres: Postgres;
let folder: string;
beforeAll(async () => {
  postgres = await startPostgres({ password: passwords.postgres });
});
afterAll(() => postgres.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pooler-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("DROP ROLE IF EXISTS kamailio");
});

const five = Array.from({ length: 5 }, (_, index) => `host${index}`);
const rows = async () => (await postgres.query("SELECT FROM dispatcher", "kamailio")).length;

function through(mode: PoolMode) {
  let pooler: Pooler;
  beforeEach(async () => {
    pooler = await startPooler(mode, postgres, passwords);
  });
  afterEach(() => pooler.stop());
  return (more: object = {}) => ({
    dbhost: "127.0.0.1",
    dbport: pooler.port,
    dbpass_kam: passwords.kamailio,
    dbuser_root: "postgres",
    dbpass_root: passwords.postgres,
    ...more,
  });
}

describe.each(["transaction", "session"] as const)("pooling by %s", (mode) => {
  const access = through(mode);

  test("five db init at once, then a seed: all succeed, also where db_root does not exist", async () => {
    const { database } = fleetOf({ database: access() });
    const outcomes = await Promise.all(five.map(() => initDatabase(database, reveal)));
    expect(outcomes.filter((outcome) => outcome.database === "created")).toHaveLength(1);
    await boot(await newRoot(join(folder, "one"), { database: access() }));
    const login = { user: "kamailio", password: database.dbpass_kam, database: "kamailio" };
    const sql = seedSql(fleetOf({}), hostTemplates(), { again: "apply" });
    await Promise.all(five.map(() => withConnection(database, login, reveal, (client) => client.query(sql))));
    expect(await rows()).toBe(2);
  });

  test("five first boots at once create all there is, and each has its list", async () => {
    const parts = { database: access({ bootstrap: "first-boot" }) };
    const roots = await Promise.all(five.map((name) => newRoot(join(folder, name), parts)));
    for (const root of roots) await script(root, "configure");
    const results = await Promise.all(roots.map((root) => script(root, "database", patient)));
    expect(results.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(await rows()).toBe(2);
    for (const root of roots) expect(listOf(root)).toHaveLength(2);
  });

  test("validate does not count the server's connections, which are the pooler's", async () => {
    const { database } = fleetOf({ database: access() });
    await initDatabase(database, reveal);
    expect(await readTableAndRoom(database, reveal)).toHaveProperty("allowed", undefined);
  });

  test("a boot's read of the list waits for its turn", async () => {
    const { database } = fleetOf({ database: access() });
    await initDatabase(database, reveal);
    const root = await newRoot(join(folder, "one"), { database: access() });
    await boot(root);
    const login = { user: "kamailio", password: database.dbpass_kam, database: "kamailio" };
    const whileAreInUse = <T>(connections: number, act: () => Promise<T>): Promise<T> =>
      connections === 0
        ? act()
        : withConnection(database, login, reveal, async (client) => {
            await client.query("BEGIN");
            return whileAreInUse(connections - 1, act).finally(() => client.query("ROLLBACK"));
          });
    const read = (seconds: number) =>
      script(root, "dispatcher-list", { env: { DATABASE_PATIENCE: String(seconds) } });
    const { waiting } = await whileAreInUse(poolSize, async () => {
      const patient = read(60);
      expect((await read(1)).stderr).toContain("no answer within");
      return { waiting: patient };
    });
    expect(await waiting).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("no setting stays behind on the server's connections", async () => {
    const { database } = fleetOf({ database: access() });
    await initDatabase(database, reveal);
    await boot(await newRoot(join(folder, "one"), { database: access() }));
    const login = { user: "kamailio", password: database.dbpass_kam, database: "kamailio" };
    const left = await withConnection(database, login, reveal, (client) =>
      client.query(
        `SELECT name FROM pg_settings WHERE source = 'session' AND name IN
          ('lock_timeout', 'statement_timeout', 'search_path', 'client_min_messages', 'idle_in_transaction_session_timeout')
         UNION ALL SELECT 'advisory lock' FROM pg_locks WHERE locktype = 'advisory'`,
      ),
    );
    expect(left.rows).toEqual([]);
  });
});

describe("pooling by statement", () => {
  const access = through("statement");

  test("is refused with the way out", async () => {
    const { database } = fleetOf({ database: access() });
    await expect(initDatabase(database, reveal)).rejects.toMatchObject({
      message: expect.stringContaining("transaction blocks not allowed") as string,
      hint: expect.stringContaining("session or transaction mode, not statement mode") as string,
    });
  });
});

describe("a pooler whose server is gone", () => {
  const access = through("transaction");

  test("delays a later boot for some seconds at most", async () => {
    const { database } = fleetOf({ database: access() });
    await initDatabase(database, reveal);
    const root = await newRoot(join(folder, "one"), { database: access() });
    await boot(root);
    await postgres.pause();
    try {
      const began = performance.now();
      const slack = slackFromNow();
      await script(root, "database");
      await script(root, "dispatcher-source");
      expect(performance.now() - began).toBeLessThan(7000 + slack());
      expect(listOf(root)).toHaveLength(2);
    } finally {
      await postgres.resume();
    }
  });
});
