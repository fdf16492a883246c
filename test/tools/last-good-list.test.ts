import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attempt, run } from "../../src/do/process.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { boot, kamailioOptions, listOf, listPath, newRoot, patient, script } from "../support/host-root.js";
import { eventually } from "../support/eventually.js";
import { slackFromNow } from "../support/slack.js";

// A host's last good list, and a boot with an empty or silent database.

let postgres: Postgres;
let folder: string;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "last-good-list-"));
  await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
  await postgres.query("DROP ROLE IF EXISTS kamailio");
  await postgres.query("CREATE ROLE kamailio LOGIN PASSWORD 'secret'");
  await postgres.query("CREATE DATABASE kamailio OWNER kamailio");
});
afterEach(() => rmSync(folder, { recursive: true }));

const newHost = (name: string) =>
  newRoot(join(folder, name), {
    database: { dbhost: "127.0.0.1", dbport: postgres.port, dbpass_kam: "secret" },
  });

test("an empty table never replaces the list on disk, and Kamailio starts from that", async () => {
  const root = await newHost("one");
  await boot(root);
  await postgres.query("DELETE FROM dispatcher", "kamailio");
  const { exitCode, stdout } = await script(root, "dispatcher-list");
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("the dispatcher table is empty") as string]);
  expect(listOf(root)).toHaveLength(2);
  await script(root, "dispatcher-source");
  expect(kamailioOptions(root)).toContain("-A WITH_LAST_GOOD_LIST");
});

test("a first boot with an empty table says so, and Kamailio starts without recorders", async () => {
  await boot(await newHost("one"));
  await postgres.query("DELETE FROM dispatcher", "kamailio");
  const root = await newHost("two");
  expect((await script(root, "configure")).exitCode).toBe(0);
  const { exitCode, stdout } = await script(root, "database", patient);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("calls get 503 until") as string]);
  await script(root, "dispatcher-source");
  expect(readFileSync(listPath(root), "utf8")).toBe("");
});

test("a row that cannot stand in the list is left out, and told", async () => {
  const root = await newHost("one");
  await boot(root);
  await postgres.query(
    "INSERT INTO dispatcher (setid, destination, description) VALUES (1, 'sip:10.0.0.9 ;x', 'odd')",
    "kamailio",
  );
  const { stdout } = await script(root, "dispatcher-list");
  expect(stdout).toMatch(/row \d+ \(sip:10\.0\.0\.9 ;x, odd\) is skipped/);
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
  /** Runs `work` while a transaction holds a lock, like a hanging client. */
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
        const slack = slackFromNow();
        await base();
        expect(performance.now() - from - usual).toBeLessThan(5500 + slack());
      });
      await eventually(async () =>
        expect((await script(root, "database")).stdout).toContain("database ready: 2 destinations"),
      );
    },
  );
});
