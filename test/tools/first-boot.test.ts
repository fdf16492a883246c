import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { run } from "../../src/do/process.js";
import { postgresPassword, startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { fleetOf } from "../support/fleets.js";
import { boot, kamailioOptions, listOf, newRoot, patient, script } from "../support/host-root.js";

// The host's scripts, with folders as hosts' root file systems and a real PostgreSQL.

/** Contains words that no other process of this machine has in its arguments. */
const password = `it's \\ a:"first-boot-secret" $(x) \`y\` @/?#%`;
let postgres: Postgres;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "first-boot-"));
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("DROP ROLE IF EXISTS kamailio");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function createDatabase(): Promise<void> {
  await postgres.query(`CREATE ROLE kamailio LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
  await postgres.query("CREATE DATABASE kamailio OWNER kamailio");
}

const database = (more: object = {}) => ({
  dbhost: "127.0.0.1",
  dbport: postgres.port,
  dbpass_kam: password,
  ...more,
});

const newHost = (name: string, parts: Parameters<typeof fleetOf>[0] = {}) =>
  newRoot(join(folder, name), { database: database(), ...parts });

const rows = () => postgres.query("SELECT destination FROM dispatcher ORDER BY id", "kamailio");

describe("configure", () => {
  test("fills in exactly the files that render shows for known addresses", async () => {
    const fleet = fleetOf({ database: database() });
    const [host] = fleet.hosts;
    if (!host) expect.fail();
    const { filledIn } = renderHost(fleet, host, () => password);
    const root = await newHost("one");
    expect((await script(root, "configure")).exitCode).toBe(0);
    expect(filledIn.length).toBeGreaterThan(1);
    for (const { path, content } of filledIn) expect(readFileSync(join(root, path), "utf8")).toBe(content);
  });

  test("keeps the secret that marks dialogs over a reboot", async () => {
    const root = await newHost("one");
    await script(root, "configure");
    const first = readFileSync(join(root, "etc/kamailio/kamailio-secret.cfg"), "utf8");
    await script(root, "configure");
    expect(readFileSync(join(root, "etc/kamailio/kamailio-secret.cfg"), "utf8")).toBe(first);
    expect(first).toMatch(/^#!substdef "!DIALOG_SECRET![0-9a-f]{48}!g"$/m);
  });

  test("marks dialogs with the fleet's secrets too, the same on every host, whatever characters they have", async () => {
    const settings = { dialog_secret: password, dialog_secret_other: password };
    const digest = createHash("sha256").update(password).digest("hex");
    const made = await Promise.all(
      ["one", "two"].map(async (name) => {
        const root = await newHost(name, { settings });
        expect((await script(root, "configure")).exitCode).toBe(0);
        const path = join(root, "etc/kamailio/kamailio-secret.cfg");
        expect(statSync(path).mode & 0o777).toBe(0o640);
        return readFileSync(path, "utf8").split("\n");
      }),
    );
    for (const lines of made) {
      expect(lines.slice(1)).toEqual([
        "#!define WITH_FLEET_SECRET",
        `#!substdef "!FLEET_SECRET!${digest}!g"`,
        `#!substdef "!OTHER_SECRET!${digest}!g"`,
        "",
      ]);
    }
    expect(made[0]?.[0]).not.toBe(made[1]?.[0]);
  });

  test("what holds secrets is for root alone", async () => {
    const root = await newHost("one");
    await script(root, "configure");
    for (const path of [
      "run/sip-proxy/pgpass",
      "run/sip-proxy/secrets",
      "run/sip-proxy/secrets/dbpass_kam",
    ]) {
      expect(statSync(join(root, path)).mode & 0o077, path).toBe(0);
    }
  });

  test("an image without user-data is no host: nothing is configured, and it says what to do", async () => {
    const root = await newHost("one");
    for (const file of ["host.env", "user-data.list"]) rmSync(join(root, "etc/sip-proxy", file));
    for (const step of ["configure", "await-host"]) {
      const { exitCode, stdout } = await script(root, step);
      expect(exitCode, step).toBe(1);
      expect(stdout).toMatch(/user-data from: sip-proxy user-data FLEET NAME/);
    }
  });

  test("auto without a metadata service fails with the reason", async () => {
    const root = await newHost("one", {
      proxies: { sipproxy0: { public_ip_address: "auto", private_ip_address: "auto" } },
    });
    const { exitCode, stdout } = await script(root, "configure");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAILED: no address: private_ip_address is auto/);
  });

  test("a configuration that Kamailio refuses stops the boot there", async () => {
    const root = await newHost("one");
    writeFileSync(join(root, "etc/kamailio/sip-proxy/dialogs.cfg"), "route[IN_DIALOG] {");
    const { exitCode, stdout } = await script(root, "configure");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("Kamailio rejects its configuration");
  });
});

describe("database", () => {
  test("makes the installed Kamailio's own schema, seeds it, and keeps a list on disk", async () => {
    await createDatabase();
    const root = await newHost("one");
    await boot(root);
    const tables = await postgres.query("SELECT count(*)::int AS n FROM version", "kamailio");
    expect(tables[0]?.["n"]).toBeGreaterThan(25);
    expect(await rows()).toHaveLength(2);
    expect(listOf(root)).toEqual([
      "1 sip:10.0.0.3:5060;transport=udp 0 0 ",
      "1 sip:10.0.0.4:5080;transport=tcp 0 0 ",
    ]);
  });

  test("over IPv6, the administrator's way and the role's, and Kamailio takes the address from its environment", async () => {
    const over6 = await startPostgres({ host: "::1" });
    try {
      const access = { dbhost: "::1", dbport: over6.port, bootstrap: "first-boot" };
      const root = await newHost("one", {
        database: database({ ...access, dbuser_root: "postgres", dbpass_root: postgresPassword }),
      });
      await boot(root);
      expect(listOf(root)).toHaveLength(2);
      const local = readFileSync(join(root, "etc/kamailio/kamailio-local.cfg"), "utf8");
      expect(local).toContain('DBURL "postgres://kamailio@/kamailio"');
    } finally {
      await over6.stop();
    }
  });

  test("twelve hosts that boot at once: none fails, every row is there once", async () => {
    await createDatabase();
    const roots = await Promise.all(Array.from({ length: 12 }, (_, index) => newHost(`host${index}`)));
    for (const root of roots) expect((await script(root, "configure")).exitCode).toBe(0);
    const results = await Promise.all(roots.map((root) => script(root, "database", patient)));
    expect(results.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr)).toEqual([]);
    expect(await rows()).toHaveLength(2);
  });

  test("a boot that was cut off in the middle of the schema is finished by the next one", async () => {
    await createDatabase();
    const sql = readFileSync("/usr/share/kamailio/postgres/standard-create.sql", "utf8");
    await postgres.query(`SET ROLE kamailio; ${sql}`, "kamailio");
    await boot(await newHost("one"));
    expect(await rows()).toHaveLength(2);
  });

  test("the first host creates role and database where the fleet says so, and forgets the administrator's password", async () => {
    const root = await newHost("one", {
      database: database({
        bootstrap: "first-boot",
        dbuser_root: "postgres",
        dbpass_root: postgresPassword,
        db_root: "postgres",
      }),
    });
    await boot(root);
    expect(await rows()).toHaveLength(2);
    for (const path of [
      "run/sip-proxy/pgpass.root",
      "run/sip-proxy/secrets/dbpass_root",
      "etc/sip-proxy/secrets/dbpass_root",
    ]) {
      expect(existsSync(join(root, path)), path).toBe(false);
    }
  });

  test("a later boot with the database down starts from the last good list", async () => {
    await createDatabase();
    const root = await newHost("one");
    await boot(root);
    await postgres.query("DROP DATABASE kamailio WITH (FORCE)");
    const { exitCode, stdout } = await script(root, "database");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("database not reachable: starting from the list of");
    expect((await script(root, "dispatcher-source")).stdout).toContain("Kamailio starts from the list of");
    expect(kamailioOptions(root)).toContain("-A WITH_LAST_GOOD_LIST");
  });

  test("takes as many calls as cores and ports hold, or as max_calls says, and tells when that is too few", async () => {
    const root = await newHost("one");
    const env = join(root, "etc/sip-proxy/host.env");
    const capacity = async (text: string) => {
      writeFileSync(env, `${readFileSync(env, "utf8")}\n${text}\n`);
      const { stdout } = await script(root, "dispatcher-source");
      return [/MAX_CALLS=(\d+)/.exec(kamailioOptions(root))?.[1], stdout];
    };
    const cores = availableParallelism();
    expect(await capacity("CALLS_PER_CORE=3")).toEqual([
      `${cores * 3}`,
      expect.stringContaining(`takes up to ${cores * 3} calls`),
    ]);
    expect((await capacity("CALLS_PER_CORE=9999"))[0]).toBe("1250");
    expect(await capacity("MAX_CALLS=70 EXPECTED_CALLS=71")).toEqual([
      "70",
      expect.stringContaining("WARNING: expected_calls is 71"),
    ]);
    // user-data of release 0.1.0
    expect((await capacity("unset MAX_CALLS CALLS_PER_CORE"))[0]).toBe("0");
  });

  test("the first boot waits for a database that is not there yet, and says so", async () => {
    const root = await newHost("one");
    expect((await script(root, "configure")).exitCode).toBe(0);
    let created: Promise<void> | undefined;
    const onLine = (line: string) => {
      if (line.includes("attempt 1 of")) created = createDatabase();
    };
    const { exitCode, stdout } = await script(root, "database", { ...patient, onLine });
    await created;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/attempt 1 of "set_up" failed, again in 0.1 s/);
  });

  test("no password is in the arguments of any process while it runs", async () => {
    await createDatabase();
    const root = await newHost("one");
    expect((await script(root, "configure")).exitCode).toBe(0);
    const seen: string[] = [];
    const watch = setInterval(() => {
      void run({ argv: ["ps", "axww", "-o", "args="] }).then(({ stdout }) => seen.push(stdout));
    }, 20);
    await script(root, "database");
    clearInterval(watch);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.join("\n")).toMatch(/psql/);
    expect(seen.join("\n")).not.toContain("first-boot-secret");
  });
});
