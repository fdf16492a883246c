import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import pg from "pg";
import { initDatabase } from "../../src/do/database/init.js";
import type { Reveal } from "../../src/compute/host/secrets.js";
import { fleetOf } from "../support/fleets.js";
import { postgresPassword, startPostgres, type Postgres } from "../../src/lab/postgres.js";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("DROP ROLE IF EXISTS kamailio");
});

const reveal: Reveal = ({ source }) => (source.from === "literal" ? source.value : "");
const database = (more: object = {}) =>
  fleetOf({
    database: {
      dbhost: "127.0.0.1",
      dbport: postgres.port,
      dbpass_kam: "secret",
      dbuser_root: "postgres",
      dbpass_root: postgresPassword,
      ...more,
    },
  }).database;

async function logIn(password: string): Promise<string> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: postgres.port,
    user: "kamailio",
    password,
    database: "kamailio",
  });
  await client.connect();
  const { rows } = await client.query<{ who: string }>("SELECT current_user AS who");
  await client.end();
  return rows[0]?.who ?? "";
}

describe("db init", () => {
  test("creates role and database, from PostgreSQL's own database where the role's default is not there", async () => {
    expect(await initDatabase(database(), reveal)).toEqual({ role: "created", database: "created" });
    expect(await logIn("secret")).toBe("kamailio");
  });

  test("run again, it changes nothing but the password", async () => {
    await initDatabase(database(), reveal);
    expect(await initDatabase(database({ dbpass_kam: "other" }), reveal)).toEqual({
      role: "there already, password set",
      database: "there already",
    });
    expect(await logIn("other")).toBe("kamailio");
  });

  // the classes of password that broke the role's URLs, arguments and SQL
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

  test("the server never sees the password itself", async () => {
    await postgres.query("ALTER SYSTEM SET log_statement = 'all'");
    await initDatabase(database(), reveal);
    const [row] = await postgres.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'kamailio'");
    expect(row?.["rolpassword"]).toMatch(/^SCRAM-SHA-256\$4096:/);
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
      hint: "check the password",
    });
  });
});
