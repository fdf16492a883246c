import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { fleetOf } from "../support/fleets.js";
import { NameServer } from "../support/name-server.js";
import { slackFromNow } from "../support/slack.js";

// Kamailio's list must follow the table, whatever fails in between.

const [first, second] = ["sip:10.0.0.3:5060;transport=udp", "sip:10.0.0.4:5080;transport=tcp"] as const;
/** Milliseconds until a correct table is applied: three polls; and the same after a silence of the server. */
const SOON = 10_000;
const AFTER_SILENCE = 15_000;

let lab: CallLab;
beforeAll(async () => {
  // a resolver address that refuses at once
  lab = await CallLab.start({}, { files: [{ path: "etc/resolv.conf", content: "nameserver 127.0.0.1\n" }] });
});
afterAll(() => lab?.stop());

const sql = (text: string) => lab.postgres?.query(text, "kamailio");
const loaded = async () => {
  const { stdout } = await lab.proxy().run("bash", "-c", "kamcmd dispatcher.list 2>&1 || true");
  return [...stdout.matchAll(/URI: (\S+)\s+FLAGS: (\w+)\s+PRIORITY: (\d+)/g)].map(
    ([, uri = "", flags = "", priority = ""]) => ({ uri, flags, priority: Number(priority) }),
  );
};
const uris = async () => (await loaded()).map(({ uri }) => uri).sort();
const follow = () => lab.proxy().startWatch("dispatcher-sync");
const kill = () => lab.proxy().run("bash", "-c", "pkill -KILL -x follow-table; true");
const told = () =>
  lab
    .proxy()
    .log.filter((line) => line.startsWith("dispatcher-sync"))
    .join("\n");
const poll = (seconds: number) =>
  lab
    .proxy()
    .run("sed", "-i", `s/^DISPATCHER_POLL=.*/DISPATCHER_POLL=${seconds}/`, "/etc/sip-proxy/host.env");
const kamcmd = (...words: string[]) => lab.proxy().kamcmd(...words);
const insert = (uri: string, name: string) =>
  sql(`INSERT INTO dispatcher (setid, destination, description) VALUES (1, '${uri}', '${name}')`);

beforeEach(async () => {
  await kill();
  await sql("DELETE FROM dispatcher");
  await insert(first, "recorder0");
  await insert(second, "recorder1");
  lab.proxy().log.length = 0;
  follow();
  await eventually(async () => expect(await uris()).toEqual([first, second]), SOON);
});

it("a change is applied, also one of flags alone; recorders that are down stay down", async () => {
  await kamcmd("dispatcher.set_state", "dx", "1", first);
  await sql("UPDATE dispatcher SET priority = 7 WHERE description = 'recorder1'");
  await eventually(async () => expect((await loaded()).map(({ priority }) => priority)).toContain(7), SOON);
  await sql("UPDATE dispatcher SET flags = 4 WHERE description = 'recorder1'");
  await eventually(
    async () => expect((await loaded()).filter(({ flags }) => flags.startsWith("D"))).toHaveLength(2),
    SOON,
  );
  await kamcmd("dispatcher.set_state", "ap", "1", first);
});

it("a seed is applied at once, whatever dispatcher_poll is", async () => {
  const listens = "SELECT FROM pg_stat_activity WHERE usename = 'kamailio' AND query LIKE 'EXECUTE %'";
  await kill();
  await eventually(async () => expect(await sql(listens)).toEqual([]));
  await poll(300);
  try {
    follow();
    await eventually(async () => expect(await sql(listens)).toHaveLength(1));
    const recorders = { recorder0: { private_ip_address: "10.0.0.9" } };
    await sql(`SET ROLE kamailio; ${seedSql(fleetOf({ recorders }), hostTemplates(), { again: "apply" })}`);
    await eventually(async () => expect(await uris()).toContain("sip:10.0.0.9:5080;transport=tcp"));
  } finally {
    await poll(3);
  }
});

it("a seed that a boot could not apply, as the database was silent, is applied once it speaks", async () => {
  await kill();
  await sql("DELETE FROM sip_proxy_seed; DELETE FROM dispatcher WHERE description = 'recorder1'");
  const client = await lab.postgres?.connect("kamailio");
  await client?.query("BEGIN; SELECT pg_advisory_xact_lock(1397313616)");
  expect(await lab.proxy().step("database")).toContain("database not reachable: starting from the list of");
  await client?.end();
  await lab.proxy().run("rm", "/run/sip-proxy/database-silent");
  expect(await sql("SELECT FROM dispatcher")).toHaveLength(1);
  follow();
  await eventually(async () => expect(await uris()).toContain(second));
});

it("a sync that was killed between the list and the reload is made good by the next one", async () => {
  await kill();
  await insert("sip:10.0.0.9:5060", "new");
  await lab.proxy().step("dispatcher-list");
  expect(await uris()).toHaveLength(2);
  follow();
  await eventually(async () => expect(await uris()).toHaveLength(3), SOON);
});

describe("an empty table", () => {
  it("is reported and not applied; what a reload by hand has lost comes back", async () => {
    await sql("DELETE FROM dispatcher");
    await eventually(() => expect(told()).toContain("the dispatcher table is empty"), SOON);
    expect(await uris()).toHaveLength(2);
    await kamcmd("dispatcher.reload");
    expect(await uris()).toHaveLength(0);
    await eventually(async () => expect(await uris()).toEqual([first, second]), SOON);
  });

  it("while Kamailio starts leaves it with the last good list; rows that come are loaded", async () => {
    await sql("DELETE FROM dispatcher");
    await lab.proxy().kill("kamailio");
    await lab.proxy().startKamailio();
    expect(await uris()).toEqual([first, second]);
    await insert(first, "recorder0");
    await eventually(async () => expect(await uris()).toEqual([first]), SOON);
    await lab.proxy().kill("kamailio");
    await lab.proxy().startKamailio();
  });
});

describe("recorders by name", () => {
  const named = "sip:Later.test:5060;transport=udp";
  let dns: NameServer;
  const zone = (...lines: string[]) => dns.zone(...lines);
  const silent = () => dns.silent();
  /** Waits until the named recorder is the table's only row and is loaded. */
  const onlyNamed = async () => {
    await sql("DELETE FROM dispatcher");
    await insert(named, "recorder2");
    await eventually(async () => expect(await uris()).toEqual([named]));
  };
  /** Waits until all calls of a test go to this recorder: a reload or a start may still be running. */
  const goTo = (name: string) =>
    eventually(async () => {
      const { summary } = await lab.calls({ calls: 2, holdMs: 10 });
      expect(summary.answeredBy).toEqual({ [name]: 2 });
    });
  const restart = async () => {
    await lab.proxy().kill("kamailio");
    const began = performance.now();
    const slack = slackFromNow();
    await lab.proxy().startKamailio();
    expect(performance.now() - began).toBeLessThan(8_000 + slack());
  };

  beforeAll(async () => {
    await poll(1);
    dns = new NameServer(lab);
    await dns.start();
    await lab.recorder("recorder1").stop();
    const address = "10.0.0.4";
    await lab.startRecorder("recorder1", {
      listen: [
        { transport: "tcp", address, port: 5080 },
        { transport: "udp", address, port: 5060 },
      ],
    });
  });
  beforeEach(silent);
  afterAll(() => poll(3));

  it("one that is unknown is told; others serve, also those that are down stay down; it is used once it resolves", async () => {
    await kamcmd("dispatcher.set_state", "dx", "1", first);
    await insert(named, "recorder2");
    await eventually(() =>
      expect(told()).toContain("later.test does not resolve (no server answers): it gets no"),
    );
    await eventually(async () => expect(await uris()).toHaveLength(3));
    await goTo("recorder1");
    await restart();
    await kamcmd("dispatcher.set_state", "dx", "1", first);
    await goTo("recorder1");
    await zone("later.test 10.0.0.3");
    await eventually(() => expect(told()).toContain("the names of all recorders resolve again"));
    await kamcmd("dispatcher.set_state", "ap", "1", first);
    await onlyNamed();
    await goTo("recorder0");
  });

  it("calls follow a name to its new address, and go on when no server answers, or says that there is no such name", async () => {
    // the order of the addresses does not matter: Kamailio keeps the current one
    await zone("later.test 10.0.0.4", "later.test 10.0.0.3");
    await onlyNamed();
    await goTo("recorder0");
    await zone("later.test 10.0.0.4");
    await goTo("recorder1");
    await silent();
    await eventually(() =>
      expect(told()).toContain("(no server answers): its last address 10.0.0.4 is used"),
    );
    await goTo("recorder1");
    // simulates a power failure that lost data not yet on disk
    await lab.proxy().run("sed", "-i", "/ later.test/d", "/etc/hosts");
    await restart();
    await goTo("recorder1");
    await zone("another.test 10.0.0.3");
    await eventually(() =>
      expect(told()).toContain("(there is no such name): its last address 10.0.0.4 is used"),
    );
    await goTo("recorder1");
  });
});

describe("a silent database", () => {
  const packets = (how: "add" | "delete") =>
    lab.on("database", "nft", ...(how === "add" ? dropped : ["delete table ip silent"]));
  const dropped = [
    "add table ip silent; add chain ip silent in { type filter hook input priority 0; }; add rule ip silent in tcp dport 5432 drop",
  ];

  it("that drops packets: Kamailio starts as soon as ever, and a change is followed once it speaks", async () => {
    await packets("add");
    try {
      await eventually(() => expect(told()).toMatch(/database not reachable/), AFTER_SILENCE);
      await lab.proxy().kill("kamailio");
      const began = performance.now();
      const slack = slackFromNow();
      await lab.proxy().startKamailio();
      expect(performance.now() - began).toBeLessThan(8_000 + slack());
      expect(await uris()).toEqual([first, second]);
    } finally {
      await packets("delete");
    }
    await insert("sip:10.0.0.9:5060", "new");
    await eventually(async () => expect(await uris()).toHaveLength(3), AFTER_SILENCE);
    await lab.proxy().kill("kamailio");
    await lab.proxy().startKamailio();
  });

  it("whose table is locked: a reload by hand gives up, and a change is followed after it", async () => {
    const client = await lab.postgres?.connect("kamailio");
    await client?.query("BEGIN; LOCK TABLE dispatcher");
    const began = performance.now();
    const slack = slackFromNow();
    await lab.proxy().run("bash", "-c", "kamcmd dispatcher.reload || true");
    expect(performance.now() - began).toBeLessThan(8_000 + slack());
    await client?.query(
      "INSERT INTO dispatcher (setid, destination) VALUES (1, 'sip:10.0.0.9:5060'); COMMIT",
    );
    await client?.end();
    await eventually(async () => expect(await uris()).toHaveLength(3), AFTER_SILENCE);
  });
});
