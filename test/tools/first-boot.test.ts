import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { imageSources, packageRoot } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { postgresPassword, startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { fleetOf } from "../support/fleets.js";

// The host's own scripts, run in folders that stand for hosts' roots, against a real PostgreSQL.

/** With words that no other process of this machine has in its arguments. */
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

/** A host's root as an image with its user-data leaves it. */
async function newHost(name: string, parts: Parameters<typeof fleetOf>[0] = {}): Promise<string> {
  const fleet = fleetOf({ database: database(), ...parts });
  const [host] = fleet.hosts;
  if (!host) throw new Error("no host");
  const { files } = renderHost(fleet, host, ({ source }) => (source.from === "literal" ? source.value : ""));
  const root = join(folder, name);
  await writeFiles(root, [...imageSources().rootfs, ...files]);
  return root;
}

/** Seconds for a step that is to succeed, also on a busy machine; where it is to fail, two are enough. */
const patient = { wait: 60 };

function script(
  root: string,
  name: string,
  { wait = 2, onLine, args = [] }: { wait?: number; onLine?: (line: string) => void; args?: string[] } = {},
) {
  const env = {
    SIP_PROXY_ROOT: root,
    SIP_PROXY_LIB: join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy"),
    SIP_PROXY_USER: "",
    SIP_PROXY_WAIT: String(wait),
  };
  return attempt({
    argv: [join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy", name), ...args],
    env,
    ...(onLine && { onLine }),
    timeout: 120_000,
  });
}

async function boot(root: string): Promise<void> {
  for (const step of ["configure", "database"]) {
    const { exitCode, stdout, stderr } = await script(root, step, patient);
    expect(exitCode, `${step}: ${stdout}${stderr}`).toBe(0);
  }
}

const listPath = (root: string) => join(root, "var/lib/sip-proxy/dispatcher.list");
/** What Kamailio reads of it: all but comments. */
const listOf = (root: string) =>
  readFileSync(listPath(root), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

const kamailioOptions = (root: string) => readFileSync(join(root, "run/sip-proxy/kamailio.env"), "utf8");

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
    rmSync(join(root, "etc/sip-proxy/host.env"));
    const { exitCode, stdout } = await script(root, "configure");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("launch the image with user-data from: sip-proxy user-data FLEET NAME");
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
    expect(stdout).toContain("Kamailio refuses its configuration");
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

  test("thirty hosts that boot at once: none fails, every row is there once", async () => {
    await createDatabase();
    const roots = await Promise.all(Array.from({ length: 30 }, (_, index) => newHost(`host${index}`)));
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

  test("an empty table never replaces the list on disk, and Kamailio starts from that", async () => {
    await createDatabase();
    const root = await newHost("one");
    await boot(root);
    await postgres.query("DELETE FROM dispatcher", "kamailio");
    const { exitCode, stdout } = await script(root, "dispatcher-list");
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining("the dispatcher table is empty") as string,
    ]);
    expect(listOf(root)).toHaveLength(2);
    await script(root, "dispatcher-source");
    expect(kamailioOptions(root)).toContain("-A WITH_LAST_GOOD_LIST");
  });

  test("a first boot with an empty table says so, and Kamailio starts without recorders", async () => {
    await createDatabase();
    await boot(await newHost("one"));
    await postgres.query("DELETE FROM dispatcher", "kamailio");
    const root = await newHost("two");
    expect((await script(root, "configure")).exitCode).toBe(0);
    const { exitCode, stdout } = await script(root, "database", patient);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining("no recorder takes calls until") as string,
    ]);
    await script(root, "dispatcher-source");
    expect(readFileSync(listPath(root), "utf8")).toBe("");
  });

  test("a row that cannot stand in the list is left out, and told", async () => {
    await createDatabase();
    const root = await newHost("one");
    await boot(root);
    await postgres.query(
      "INSERT INTO dispatcher (setid, destination, description) VALUES (1, 'sip:10.0.0.9 ;x', 'odd')",
      "kamailio",
    );
    const { stdout } = await script(root, "dispatcher-list");
    expect(stdout).toMatch(/row \d+ \(sip:10\.0\.0\.9 ;x, odd\) is left out/);
    expect(listOf(root)).toHaveLength(2);
  });

  const damages: Record<string, (whole: string) => string> = {
    "cut off after the set's number": (whole) => whole.slice(0, whole.indexOf("\n") + 2),
    "cut off between two rows": (whole) => whole.slice(0, whole.indexOf("\n") + 1),
    "of zeros": (whole) => "\0".repeat(whole.length),
    empty: () => "",
    "with a letter changed": (whole) => whole.replace("10.0.0.3", "10.0.0.5"),
    "of text that is none": () => "\xff\xfe garbage",
  };
  test.each(Object.entries(damages))(
    "a list that is damaged (%s) gives way to its predecessor",
    async (_, damage) => {
      await createDatabase();
      const root = await newHost("one");
      await boot(root);
      const [first] = listOf(root);
      await postgres.query("UPDATE dispatcher SET priority = 1 WHERE description = 'recorder1'", "kamailio");
      await script(root, "dispatcher-list");
      writeFileSync(listPath(root), damage(readFileSync(listPath(root), "utf8")), "latin1");
      await postgres.query("DROP DATABASE kamailio WITH (FORCE)");
      expect((await script(root, "database")).stdout).toContain("starting from the list of");
      await script(root, "dispatcher-source");
      expect(listOf(root)).toEqual([first, "1 sip:10.0.0.4:5080;transport=tcp 0 0 "]);
    },
  );

  test("a full disk leaves the list as it is, and no file behind", async () => {
    await createDatabase();
    const root = await newHost("one");
    await boot(root);
    const folder = join(root, "var/lib/sip-proxy");
    const whole = readFileSync(listPath(root));
    await run({ argv: ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder] });
    try {
      writeFileSync(listPath(root), whole);
      await attempt({ argv: ["dd", "if=/dev/zero", `of=${folder}/fill`, "status=none"] });
      await postgres.query("UPDATE dispatcher SET priority = 1", "kamailio");
      expect(await script(root, "dispatcher-list")).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("No space left on device") as string,
      });
      expect(readdirSync(folder).sort()).toEqual(["dispatcher.list", "fill"]);
      expect(readFileSync(listPath(root))).toEqual(whole);
    } finally {
      await run({ argv: ["umount", folder] });
    }
  });

  describe("that is silent", () => {
    /** Runs work while a transaction holds a lock, as a client that hangs would. */
    async function whileLocked(lock: string, work: () => Promise<void>): Promise<void> {
      const client = await postgres.connect("kamailio");
      try {
        await client.query(`BEGIN; ${lock}`);
        await work();
      } finally {
        await client.end();
      }
    }

    test.each([
      ["table", "LOCK TABLE dispatcher"],
      ["view", "DROP VIEW sip_proxy_dispatcher"],
      ["lock of the first boots", "SELECT pg_advisory_xact_lock(1397313616)"],
    ])(
      "a %s that a hung client holds delays neither a later boot nor Kamailio's start for long",
      async (_, lock) => {
        await createDatabase();
        const root = await newHost("one");
        await boot(root);
        const began = performance.now();
        const base = async () => {
          await script(root, "database");
          await script(root, "dispatcher-source");
        };
        await base();
        const usual = performance.now() - began;
        await whileLocked(lock, async () => {
          const from = performance.now();
          await base();
          expect(performance.now() - from - usual).toBeLessThan(5500);
        });
        expect((await script(root, "database")).stdout).toContain("database ready: 2 destinations");
      },
    );
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
