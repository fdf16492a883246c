import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import pg from "pg";
import { initDatabase } from "../../src/do/database/init.js";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";
import { readTable } from "../../src/do/database/table.js";
import { withConnection } from "../../src/do/database/connect.js";
import { databaseAt } from "../support/database-at.js";
import { runCli } from "../support/cloud/cli.js";
import { fleetOf, fleetText, reveal } from "../support/fleets.js";
import { listOf, newRoot, patient, script } from "../support/host-root.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";

let postgres: Postgres;
beforeAll(async () => void (postgres = await startPostgres()));
afterAll(() => postgres.stop());

beforeEach(async () => {
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("DROP OWNED BY manager").catch(() => undefined);
  await postgres.query("DROP ROLE IF EXISTS kamailio");
});

const database = (more: object = {}) => fleetOf({ database: databaseAt(postgres, more) }).database;

async function logIn(password: string): Promise<string> {
  const login = { user: "kamailio", database: "kamailio", password };
  const client = new pg.Client({ host: "127.0.0.1", port: postgres.port, ...login });
  await client.connect();
  const { rows } = await client.query<{ who: string }>("SELECT current_user AS who");
  await client.end();
  return rows[0]?.who ?? "";
}

/** Some tables in the form of `kamdbctl create`. */
async function createTables(...names: string[]): Promise<void> {
  for (const name of names) {
    const sql = readFileSync(`/usr/share/kamailio/postgres/${name}-create.sql`, "utf8");
    await postgres.query(sql, "kamailio");
  }
}

describe("db init", () => {
  test("creates role and database, from PostgreSQL's own database where the role's default is not there", async () => {
    expect(await initDatabase(database(), reveal)).toEqual({
      role: "created",
      database: "created",
      repaired: [],
    });
    expect(await logIn("secret")).toBe("kamailio");
  });

  test("until the first boot, `validate --database` says that the table is still to come", async () => {
    await initDatabase(database(), reveal);
    const folder = mkdtempSync(join(tmpdir(), "db-init-"));
    const file = join(folder, "fleet.yaml");
    writeFileSync(file, fleetText({ database: databaseAt(postgres) }));
    const { code, stderr } = await runCli(["validate", file, "--database"]);
    rmSync(folder, { recursive: true });
    expect(stderr).toMatch(/dispatcher table: the first host that boots creates it/);
    expect(code).toBe(0);
  });

  test("run again, it changes nothing but the password", async () => {
    await initDatabase(database(), reveal);
    expect(await initDatabase(database({ dbpass_kam: "other" }), reveal)).toEqual({
      role: "exists, password set",
      database: "exists",
      repaired: [],
    });
    expect(await logIn("other")).toBe("kamailio");
  });

  // kinds of passwords that broke the Ansible role's URLs, arguments and SQL
  test.each([
    "a b",
    "it's",
    'quo"te',
    "back\\slash",
    "per%cent",
    "at@host",
    "sla/sh",
    "co:lon",
    "#hash",
    "?mode=",
    "$HOME",
    "`id`",
    "ünïcode",
    "{brace}",
    "-dash",
    "'; DROP ROLE kamailio; --",
  ])("the password %j logs in", async (password) => {
    await initDatabase(database({ dbpass_kam: password }), reveal);
    expect(await logIn(password)).toBe("kamailio");
  });

  // characters that SASLprep changes or prohibits; with prohibited ones, libpq sends the password unchanged
  test.each([
    ["a soft hyphen", "a\u00adb"],
    ["a zero-width space", "a\u200bb"],
    ["a byte order mark", "\ufeffab"],
    ["an ogham space", "a\u1680b"],
    ["a no-break space", "a\u00a0b"],
    ["a ligature", "\ufb01x"],
    ["an emoji", "a\u{1f600}"],
    ["letters of both directions", "a\u05d0b"],
  ])("a password with %s logs in with libpq, and with db seed", async (_, password) => {
    const access = database({ dbpass_kam: password });
    await initDatabase(access, reveal);
    const argv = [
      "psql",
      "-h",
      "127.0.0.1",
      "-p",
      String(postgres.port),
      "-U",
      "kamailio",
      "-c",
      "SELECT 1",
    ] as const;
    await run({ argv: [...argv, "kamailio"], env: { PGPASSWORD: password } });
    const login = { user: "kamailio", password: access.dbpass_kam, database: "kamailio" };
    await withConnection(access, login, reveal, (client) => client.query("SELECT 1"));
  });

  test.each([
    ["an emoji beside a ligature", "\ufb01\u{1f600}"],
    ["an emoji beside a soft hyphen", "\u00ad\u{1f600}"],
    ["nothing but soft hyphens", "\u00ad\u00ad"],
  ])("a password with %s is refused: clients disagree on it", async (_, password) => {
    await expect(initDatabase(database({ dbpass_kam: password }), reveal)).rejects.toMatchObject({
      message: expect.stringContaining("SASLprep") as string,
    });
  });

  test("the server never sees the password itself", async () => {
    await postgres.query("ALTER SYSTEM SET log_statement = 'all'");
    await initDatabase(database(), reveal);
    const [row] = await postgres.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'kamailio'");
    expect(row?.["rolpassword"]).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  test("a database that kamdbctl made under another owner is repaired once, its owners stay, and a host seeds it", async () => {
    await postgres.query("CREATE ROLE kamailio LOGIN");
    await postgres.query("CREATE DATABASE kamailio");
    await createTables("standard", "dispatcher");
    const rows = Array.from({ length: 8 }, (_, i) => `(${i + 1}, 9, 'sip:192.0.2.${i + 1}')`).join();
    await postgres.query(`INSERT INTO dispatcher (id, setid, destination) VALUES ${rows}`, "kamailio");

    const { repaired } = await initDatabase(database(), reveal);
    expect(repaired.filter((sql) => sql.startsWith("GRANT")).sort()).toEqual(
      [
        "GRANT CREATE ON SCHEMA public TO kamailio",
        ...["SELECT", "INSERT", "UPDATE", "DELETE"].map(
          (p) => `GRANT ${p} ON TABLE public.dispatcher TO kamailio`,
        ),
        ...["SELECT", "INSERT", "UPDATE"].map((p) => `GRANT ${p} ON TABLE public.version TO kamailio`),
        ...["dispatcher", "version"].map((t) => `GRANT USAGE ON SEQUENCE public.${t}_id_seq TO kamailio`),
      ].sort(),
    );
    expect(repaired.at(-1)).toMatch(/setval/);
    expect((await initDatabase(database(), reveal)).repaired).toEqual([]);

    const login = { user: "kamailio", password: database().dbpass_kam, database: "kamailio" };
    const seed = seedSql(fleetOf({}), hostTemplates(), { again: "apply" });
    await withConnection(database(), login, reveal, (client) => client.query(seed));
    const [ids] = await postgres.query(
      "SELECT min(id) FILTER (WHERE setid <> 9) AS first FROM dispatcher",
      "kamailio",
    );
    expect(ids).toMatchObject({ first: 9 });
    const [owner] = await postgres.query(
      "SELECT tableowner FROM pg_tables WHERE tablename = 'dispatcher'",
      "kamailio",
    );
    expect(owner).toEqual({ tableowner: "postgres" });

    // boots a host of the fleet with the same tables
    const folder = mkdtempSync(join(tmpdir(), "db-init-"));
    try {
      const access = { dbhost: "127.0.0.1", dbport: postgres.port, dbpass_kam: "secret" };
      const root = await newRoot(folder, { database: access });
      await script(root, "configure");
      const { exitCode, stdout } = await script(root, "database", patient);
      expect(exitCode, stdout).toBe(0);
      expect(stdout).toContain(
        "row 1 (sip:192.0.2.1, ) of the dispatcher table does not belong to this fleet; it is kept",
      );
      expect(listOf(root)).toHaveLength(10);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const table = await readTable(database(), reveal);
    expect(table).toHaveLength(10);
    expect(table[0]).toMatchObject({ id: 1, destination: "sip:192.0.2.1", fleets: [] });
  });

  test("tables become the role's own when they are to, and only then", async () => {
    await initDatabase(database(), reveal);
    await createTables("standard", "dispatcher");
    await postgres.query("CREATE TABLE mine ()", "kamailio");
    const owners = () =>
      postgres.query(
        "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        "kamailio",
      );
    const owned = (by: string) =>
      ["dispatcher", "mine", "version"].map((tablename) => ({ tablename, tableowner: by }));
    await initDatabase(database(), reveal);
    expect(await owners()).toEqual(owned("postgres"));
    await initDatabase(database(), reveal, { takeOwnership: true });
    expect(await owners()).toEqual(
      owned("kamailio").map((row) => (row.tablename === "mine" ? { ...row, tableowner: "postgres" } : row)),
    );
    expect((await initDatabase(database(), reveal, { takeOwnership: true })).repaired).toEqual([]);
  });

  describe("an administrator that is no superuser", () => {
    const administrator = { dbuser_root: "manager", dbpass_root: "m" };
    beforeEach(async () => {
      await postgres.query("DROP ROLE IF EXISTS manager");
      await postgres.query("CREATE ROLE manager LOGIN PASSWORD 'm' CREATEROLE CREATEDB");
    });

    test("creates role and database; a host can use them", async () => {
      expect(await initDatabase(database(administrator), reveal)).toMatchObject({
        role: "created",
        database: "created",
      });
      expect(await logIn("secret")).toBe("kamailio");
    });

    test("lets in a role without LOGIN that somebody else made", async () => {
      await postgres.query("CREATE ROLE kamailio NOLOGIN");
      const outcome = await initDatabase(database(administrator), reveal).then(() => logIn("secret"), String);
      // from PostgreSQL 16 on, a role with CREATEROLE can only change roles that it has created
      const [row] = await postgres.query("SELECT current_setting('server_version_num') < '160000' AS may");
      expect(outcome).toMatch(row?.["may"] ? /^kamailio$/ : /permission denied to alter role/);
    });

    test("needs no CREATEDB where the database is there", async () => {
      await postgres.query("CREATE DATABASE kamailio OWNER manager");
      await postgres.query("ALTER ROLE manager NOCREATEDB");
      const { repaired } = await initDatabase(database(administrator), reveal);
      expect(repaired).toContain("GRANT CREATE ON SCHEMA public TO kamailio");
      expect(await logIn("secret")).toBe("kamailio");
    });

    test("hears plainly that it may not grant, and nothing is half done", async () => {
      await postgres.query("CREATE DATABASE kamailio");
      await createTables("standard");
      await expect(initDatabase(database(administrator), reveal)).rejects.toMatchObject({
        message: expect.stringMatching(/database kamailio, as manager: permission denied for/) as string,
        hint: expect.stringContaining("as the owner of the tables") as string,
      });
    });
  });

  test("ten at once: all succeed", async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => initDatabase(database(), reveal)));
    expect(outcomes.filter((outcome) => outcome.database === "created")).toHaveLength(1);
  });

  test("a wrong password is told as what it is", async () => {
    await expect(initDatabase(database({ dbpass_root: "wrong" }), reveal)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(
          `cannot connect to PostgreSQL at 127.0.0.1:${postgres.port}.*password authentication failed`,
        ),
      ) as string,
      hint: "check the password, and that the role exists",
    });
  });
});
