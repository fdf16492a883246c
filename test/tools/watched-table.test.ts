import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { eventually } from "../support/eventually.js";
import { fleetOf } from "../support/fleets.js";
import { boot, newRoot, script } from "../support/host-root.js";
import { startPooler } from "../support/pgbouncer.js";
import { slackFromNow } from "../support/slack.js";
import { startWatcher, type Watcher } from "../support/watch.js";

// How a host polls the dispatcher table: over one permanent connection, if the server has room for it.

let postgres: Postgres;
let folder: string;
let root: string;
let watcher: Watcher;
beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.query("CREATE ROLE kamailio LOGIN PASSWORD 'secret'");
  await postgres.query("CREATE DATABASE kamailio OWNER kamailio");
  folder = mkdtempSync(join(tmpdir(), "watched-"));
  root = await hostAt(postgres.port);
  await boot(root);
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await eventually(async () => expect(await sessions()).toEqual([]));
  watcher = startWatcher(root);
});
afterEach(() => watcher.stop());

const hostAt = (port: number) =>
  newRoot(mkdtempSync(join(folder, "host-")), {
    database: { dbhost: "127.0.0.1", dbport: port, dbpass_kam: "secret" },
  });
const sql = (text: string) => postgres.query(text, "kamailio");
const seed = (...addresses: string[]) =>
  sql(
    `SET ROLE kamailio; ${seedSql(
      fleetOf({
        recorders: Object.fromEntries(addresses.map((address) => [address, { private_ip_address: address }])),
      }),
      hostTemplates(),
      { again: "apply" },
    )}`,
  );
const sessions = () =>
  postgres.query("SELECT pid, query FROM pg_stat_activity WHERE usename = 'kamailio' ORDER BY pid");

/** Polls until the result is as expected: on a busy machine, a poll may give up on the database after some seconds. */
const looks = (one: Watcher, expected: object) =>
  eventually(async () => {
    const seen = await one.look();
    expect(seen).toMatchObject(expected);
    return seen;
  });

/** Seconds; longer than the test's limit, so a wait of this length got no notification. */
const ever = 900;

test("looks over one connection, and is told of a seed", async () => {
  await looks(watcher, { rows: 2, kept: true });
  const [first, ...others] = await sessions();
  expect(others).toEqual([]);
  const waiting = watcher.wait(ever);
  await seed("10.0.0.3", "10.0.0.4", "10.0.0.5");
  expect((await waiting).seconds).toBeLessThan(ever);
  await looks(watcher, { rows: 3, kept: true });
  expect((await sessions()).map(({ pid }) => pid)).toEqual([first?.["pid"]]);
});

test("sees with the next look what plain SQL has changed", async () => {
  const { rows = 0 } = await looks(watcher, { kept: true });
  await sql("INSERT INTO dispatcher (setid, destination) VALUES (1, 'sip:10.0.0.9:5060')");
  await looks(watcher, { rows: rows + 1 });
  await sql("DELETE FROM dispatcher WHERE destination = 'sip:10.0.0.9:5060'");
  await looks(watcher, { rows });
});

test("goes on over its connection after a host of another release has put its view in the place of ours", async () => {
  await looks(watcher, { kept: true });
  const [first] = await sessions();
  await sql(`SET ROLE kamailio; DROP VIEW sip_proxy_dispatcher; CREATE VIEW sip_proxy_dispatcher AS
    SELECT id, setid, destination, flags, priority, description, attrs FROM dispatcher`);
  await seed("10.0.0.7");
  await looks(watcher, { rows: 1, kept: true });
  await seed("10.0.0.7", "10.0.0.8");
  await looks(watcher, { rows: 2, kept: true });
  expect((await sessions()).map(({ pid }) => pid)).toEqual([first?.["pid"]]);
});

test("a seed that changes nothing, as of a host that boots, wakes nobody", async () => {
  await looks(watcher, { kept: true });
  const waiting = watcher.wait(2);
  await sql(`SET ROLE kamailio; ${seedSql(fleetOf(), hostTemplates())}`);
  expect((await waiting).seconds).toBeGreaterThanOrEqual(2);
});

test("a connection that the server ends, as at a restart, is made anew", async () => {
  await looks(watcher, { kept: true });
  const waiting = watcher.wait(2);
  const ended = await postgres.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kamailio'",
  );
  expect(ended).toHaveLength(1);
  await waiting;
  await looks(watcher, { kept: true });
  await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kamailio'");
  await looks(watcher, { kept: true });
});

test("a server that is silent is given up in time, and looked at again once it speaks", async () => {
  await looks(watcher, { kept: true });
  await postgres.pause();
  const slack = slackFromNow();
  try {
    const { error, seconds } = await watcher.look();
    expect(error).toMatch(/no answer within/);
    expect(seconds * 1000).toBeLessThan(8_000 + slack());
  } finally {
    await postgres.resume();
  }
  await looks(watcher, { kept: true });
});

test("where connections are short, none is kept", async () => {
  await postgres.query("ALTER ROLE kamailio CONNECTION LIMIT 1");
  try {
    for (let turn = 0; turn < 2; turn++)
      await looks(watcher, { rows: expect.any(Number) as number, kept: false });
    await eventually(async () => expect(await sessions()).toEqual([]));
  } finally {
    await postgres.query("ALTER ROLE kamailio CONNECTION LIMIT -1");
  }
});

describe("through a pooler", () => {
  const through = async (mode: "transaction" | "session", act: (start: () => Watcher) => Promise<void>) => {
    const pooler = await startPooler(mode, postgres, { kamailio: "secret" });
    const pooled = await hostAt(pooler.port);
    await script(pooled, "configure", { wait: 60 });
    const watchers: Watcher[] = [];
    const start = () => {
      const one = startWatcher(pooled);
      watchers.push(one);
      return one;
    };
    try {
      await act(start);
    } finally {
      for (const one of watchers) await one.stop();
      await pooler.stop();
    }
  };
  /** More hosts than the pooler has connections to the server. */
  const hosts = 5;

  test("that pools transactions each host keeps a connection, and listens on none of the server's", () =>
    through("transaction", async (start) => {
      // a host that has not seen another one served in time keeps no connection for some minutes
      for (let host = 0; host < hosts; host++)
        await eventually(async () => expect(await start().look()).toMatchObject({ kept: true }));
      const queries = (await sessions()).map(({ query }) => String(query));
      expect(queries.filter((query) => query.includes("LISTEN"))).toEqual([]);
    }));

  test("that pools sessions nobody keeps one from the others", () =>
    through("session", async (start) => {
      const watchers = Array.from({ length: hosts }, start);
      for (const one of [...watchers, ...watchers])
        await looks(one, { rows: expect.any(Number) as number, kept: false });
    }));
});
