import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { fleetOf } from "../support/fleets.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";

const templates = hostTemplates();
const recorder = (last: number, more: object = {}) => ({ private_ip_address: `10.0.0.${last}`, ...more });
const seed = (recorders: Record<string, object>, more: object = {}) =>
  seedSql(fleetOf({ recorders, ...more }), templates);

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("CREATE DATABASE kamailio");
  for (const name of ["standard", "dispatcher"]) {
    await apply(readFileSync(`/usr/share/kamailio/postgres/${name}-create.sql`, "utf8"));
  }
});

const apply = (sql: string) => postgres.query(sql, "kamailio");
const table = () =>
  apply("SELECT setid, destination, flags, priority, attrs, description FROM dispatcher ORDER BY id");
const view = () => apply("SELECT destination, attrs FROM sip_proxy_dispatcher ORDER BY destination");
const destinations = async () => (await table()).map(({ destination }) => destination);

describe("seed", () => {
  test("writes the rows that the role's README shows", async () => {
    await apply(
      seed({
        recorder0: recorder(3, { siprec_port: 5060, siprec_protocol: "udp", siprec_attrs: "weight=75" }),
        recorder1: recorder(4, { siprec_attrs: "weight=25" }),
      }),
    );
    expect(await table()).toEqual([
      {
        setid: 1,
        destination: "sip:10.0.0.3:5060;transport=udp",
        flags: 0,
        priority: 0,
        attrs: "weight=75",
        description: "recorder0",
      },
      {
        setid: 1,
        destination: "sip:10.0.0.4:5080;transport=tcp",
        flags: 0,
        priority: 0,
        attrs: "weight=25",
        description: "recorder1",
      },
    ]);
  });

  test("takes hostile names for what they are", async () => {
    const name = `'); DROP TABLE dispatcher; -- $$ \\' "`;
    await apply(seed({ [name]: recorder(3), b: recorder(4) }));
    expect((await table()).map(({ description }) => description)).toEqual([name, "b"]);
  });

  test("follows the fleet file: adds, changes, removes, and leaves other rows alone", async () => {
    await apply(
      "INSERT INTO dispatcher (setid, destination, description) VALUES (1, 'sip:10.9.9.9:5060', 'by hand')",
    );
    await apply(seed({ a: recorder(3), b: recorder(4) }));
    await apply(seed({ b: recorder(4, { siprec_priority: 7 }), c: recorder(5) }));
    expect(await destinations()).toEqual([
      "sip:10.9.9.9:5060",
      "sip:10.0.0.4:5080;transport=tcp",
      "sip:10.0.0.5:5080;transport=tcp",
    ]);
    expect((await table())[1]).toMatchObject({ priority: 7, description: "b" });
  });

  test("an old host that boots again brings no old list back", async () => {
    const old = seed({ a: recorder(3) });
    await apply(old);
    await apply(seed({ b: recorder(4) }));
    await apply(old);
    expect(await destinations()).toEqual(["sip:10.0.0.4:5080;transport=tcp"]);
  });

  test("a higher generation brings an old list back on purpose, a lower one never", async () => {
    await apply(seed({ a: recorder(3) }));
    await apply(seed({ b: recorder(4) }));
    await apply(seed({ a: recorder(3) }, { generation: 2 }));
    expect(await destinations()).toEqual(["sip:10.0.0.3:5080;transport=tcp"]);
    await apply(seed({ c: recorder(5) }, { generation: 1 }));
    expect(await destinations()).toEqual(["sip:10.0.0.3:5080;transport=tcp"]);
  });

  test("changes made by hand since stay when a host boots with the same list", async () => {
    const sql = seed({ a: recorder(3), b: recorder(4) });
    await apply(sql);
    await apply("DELETE FROM dispatcher WHERE description = 'a'");
    await apply(sql);
    expect(await destinations()).toEqual(["sip:10.0.0.4:5080;transport=tcp"]);
  });

  describe("rows that the Ansible role wrote, with ids and names", () => {
    const old = (id: number, destination: string, name: string) =>
      apply(
        `INSERT INTO dispatcher (id, setid, destination, description) VALUES (${id}, 1, '${destination}', '${name}')`,
      );
    const ids = async () =>
      (await apply("SELECT id, destination FROM dispatcher ORDER BY id")).map(({ id, destination }) => [
        id,
        destination,
      ]);

    test("are taken over under their ids", async () => {
      await old(41, "sip:10.0.0.3:5080;transport=tcp", "a");
      await apply(seed({ a: recorder(3, { siprec_priority: 7 }) }));
      expect(await ids()).toEqual([[41, "sip:10.0.0.3:5080;transport=tcp"]]);
      expect((await table())[0]).toMatchObject({ priority: 7 });
    });

    test("go with a recorder that moved port, where the name proves it; others stay until they are adopted", async () => {
      await old(41, "sip:10.0.0.3:5060;transport=udp", "a");
      await old(42, "sip:10.0.0.4:5060;transport=udp", "of somebody");
      await old(43, "sip:10.0.0.5:5060;transport=udp", "a");
      await apply(seed({ a: recorder(3), b: recorder(4) }));
      expect((await ids()).map(([, destination]) => destination).sort()).toEqual([
        "sip:10.0.0.3:5080;transport=tcp",
        "sip:10.0.0.4:5060;transport=udp",
        "sip:10.0.0.4:5080;transport=tcp",
        "sip:10.0.0.5:5060;transport=udp",
      ]);
      const adopting = fleetOf({ recorders: { a: recorder(3), b: recorder(4) } });
      await apply(seedSql(adopting, templates, { again: "apply", adopt: true }));
      expect((await ids()).map(([, destination]) => destination).sort()).toEqual([
        "sip:10.0.0.3:5080;transport=tcp",
        "sip:10.0.0.4:5080;transport=tcp",
        "sip:10.0.0.5:5060;transport=udp",
      ]);
    });

    test("of another fleet with the same recorder stay, also when they are adopted", async () => {
      await apply(seed({ a: recorder(3, { siprec_port: 5060 }) }, { fleet: "other" }));
      await apply(seedSql(fleetOf({ recorders: { a: recorder(3) } }), templates, { adopt: true }));
      expect(await destinations()).toHaveLength(2);
    });
  });

  describe("tables as kamdbctl migrates them", () => {
    test.each([
      ["a column of the name weight", "ALTER TABLE dispatcher ADD COLUMN weight integer"],
      ["versions without a constraint", "ALTER TABLE version DROP CONSTRAINT version_table_name_idx"],
      [
        "wider columns",
        "ALTER TABLE dispatcher ALTER COLUMN attrs TYPE text, ALTER COLUMN destination TYPE varchar(300)",
      ],
      ["a search_path without public", "ALTER DATABASE kamailio SET search_path = pg_catalog"],
    ])("%s: seeded before and after", async (_, migration) => {
      await apply(seed({ a: recorder(3) }));
      await apply(migration);
      await apply(seed({ a: recorder(3), b: recorder(4) }));
      expect(await apply("SELECT destination FROM public.sip_proxy_dispatcher")).toHaveLength(2);
      expect(
        await apply(
          "SELECT count(*)::int AS n FROM public.version WHERE table_name = 'sip_proxy_dispatcher'",
        ),
      ).toEqual([{ n: 1 }]);
    });

    test("a view that the first release made on migrated columns is replaced", async () => {
      await apply("ALTER TABLE dispatcher ALTER COLUMN attrs TYPE text");
      await apply(
        "CREATE VIEW sip_proxy_dispatcher AS SELECT id, setid, destination, flags, priority, description, attrs FROM dispatcher",
      );
      await apply(seed({ a: recorder(3) }));
      expect(await view()).toHaveLength(1);
    });

    test("the first release's hosts may replace the view, and it them", async () => {
      const theirs =
        "CREATE OR REPLACE VIEW sip_proxy_dispatcher AS SELECT id, setid, destination, flags, priority, description, attrs::varchar(192) AS attrs FROM dispatcher";
      await apply(seed({ a: recorder(3) }));
      await apply(theirs);
      await apply(seed({ b: recorder(4) }));
      expect(await view()).toHaveLength(1);
    });
  });

  test("two fleets share a database without taking each other's rows", async () => {
    await apply(seed({ a: recorder(3), b: recorder(4) }, { fleet: "one" }));
    await apply(seed({ b: recorder(4), c: recorder(5) }, { fleet: "two" }));
    await apply(seed({ a: recorder(3) }, { fleet: "one" }));
    expect(await destinations()).toEqual(
      expect.arrayContaining([4, 5, 3].map((n) => `sip:10.0.0.${n}:5080;transport=tcp`)),
    );
  });

  test("fifty hosts at once: none fails, every row is there once", async () => {
    const sql = seed({ a: recorder(3), b: recorder(4), c: recorder(5) });
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => apply(sql)));
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
    expect(await destinations()).toHaveLength(3);
  });
});

describe("the view that Kamailio reads", () => {
  const attrsOf = async (...attrs: string[]) => {
    await apply(seed(Object.fromEntries(attrs.map((_, index) => [`r${index}`, recorder(index + 3)]))));
    for (const [index, value] of attrs.entries()) {
      await apply(`UPDATE dispatcher SET attrs = '${value}' WHERE description = 'r${index}'`);
    }
    return (await view()).map((row) => row["attrs"]);
  };

  test("gives weights as relative weights", async () => {
    expect(await attrsOf("weight=75", "weight=25;site=a")).toEqual([
      "weight=75;rweight=75",
      "weight=25;site=a;rweight=25",
    ]);
  });

  test("scales weights over 100 to what Kamailio takes", async () => {
    expect(await attrsOf("weight=3000", "weight=1000", "weight=1")).toEqual([
      "weight=3000;rweight=100",
      "weight=1000;rweight=33",
      "weight=1;rweight=1",
    ]);
  });

  test("leaves rows alone that have a relative weight, and sets without weights", async () => {
    expect(await attrsOf("", "duid=x")).toEqual(["", "duid=x"]);
    expect(await attrsOf("rweight=60", "rweight=40")).toEqual(["rweight=60", "rweight=40"]);
  });

  test("counts a row without weight among weighted ones as an average one", async () => {
    expect(await attrsOf("weight=60", "weight=40", "")).toEqual([
      "weight=60;rweight=60",
      "weight=40;rweight=40",
      "rweight=50",
    ]);
  });

  test("shows one row a destination, as Kamailio matches state by URI", async () => {
    await apply(seed({ a: recorder(3) }));
    await apply("INSERT INTO dispatcher (setid, destination) SELECT setid, destination FROM dispatcher");
    expect(await view()).toHaveLength(1);
  });

  test("has the version of the table, which Kamailio checks", async () => {
    await apply(seed({ a: recorder(3) }));
    expect(
      await apply("SELECT table_version FROM version WHERE table_name = 'sip_proxy_dispatcher'"),
    ).toEqual([{ table_version: 4 }]);
  });
});
