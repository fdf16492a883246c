import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findVm } from "../../src/do/local/vm-store.js";
import { attempt, run } from "../../src/do/process.js";
import { runInGuest, waitForSsh } from "../../src/do/local/ssh.js";
import { demo } from "../../src/lab/demo/addresses.js";
import { firstCall } from "../../src/lab/demo/calls.js";
import { DemoWorld } from "../../src/lab/demo/world.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { certificate } from "../support/certificates.js";
import { demoGuest } from "../support/demo-guest.js";
import { bakeImage, cli, writeFleet } from "../support/demo-image.js";
import { eventually } from "../support/eventually.js";
import { pathOfQemuWith } from "../support/qemu-with.js";
import { prepare } from "../support/set-up.js";

// First boots with a wrong clock: only a guest has one of its own. The database's certificate is valid for two days.

const folder = mkdtempSync(join(tmpdir(), "guest-clock-"));
process.env["XDG_STATE_HOME"] = join(folder, "state");
const env = { NO_COLOR: "1" };
const minutes = 60_000;
const hosts = { sipproxy0: "2020-02-02T02:02:02", sipproxy1: "2035-05-05T05:05:05" } as const;
type Name = keyof typeof hosts;
const names = Object.keys(hosts) as Name[];

let world: DemoWorld;
let database: Postgres;
let fleetFile: string;

/** Starts the database with TLS alone, and returns the fleet file of hosts that verify its certificate, and have a TLS port. */
async function fleetWithTls(): Promise<string> {
  const tls = await certificate("database.example.com");
  await world.stopDatabase();
  const enter = world.network.inNamespace("database", []);
  database = await startPostgres({ host: demo.database, port: 5432, enter, password: "postgres", tls });
  const file = writeFleet(folder, { netns: world.network.namespace("lan"), bridge: "lan", engine: "vm" });
  writeFileSync(join(folder, "database.pem"), tls.cert);
  const fleet = load(readFileSync(file, "utf8")) as { database: object; settings: object };
  Object.assign(fleet.database, { dbsslmode: "verify-ca", dbsslrootcert: "${file:database.pem}" });
  Object.assign(fleet.settings, { enable_tls: true });
  writeFileSync(file, dump(fleet));
  return file;
}

beforeAll(async () => {
  await prepare("bake", "network", "database");
  world = await DemoWorld.start("postgres");
  fleetFile = await fleetWithTls();
  await bakeImage(fleetFile);
  await run({ argv: world.network.inNamespace("database", [...cli, "db", "init", fleetFile]), env });
  for (const [name, base] of Object.entries(hosts)) {
    const PATH = await pathOfQemuWith(join(folder, name), ["-rtc", `base=${base}`]);
    const argv = [...cli, "launch", fleetFile, name, "--target", "local", "--no-wait"] as const;
    await run({ argv, env: { ...env, PATH }, timeout: 5 * minutes });
  }
});

afterAll(async () => {
  await attempt({ argv: [...cli, "terminate", fleetFile, ...names, "--target", "local", "--now"], env });
  await database.stop();
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function console(name: Name): Promise<string> {
  const found = await findVm(demo.fleet, name);
  return readFileSync(found?.record.machine.console ?? "", "utf8");
}

async function inGuest(name: Name, script: string): Promise<string> {
  const guest = demoGuest(world, process.env["XDG_STATE_HOME"] ?? "", name);
  await waitForSsh(guest, 10 * minutes);
  return (await runInGuest(guest, { argv: ["bash", "-s"], input: script, timeout: 2 * minutes })).trim();
}

const now = () => Math.floor(Date.now() / 1000);

describe.each(names)("%s", (name) => {
  test("says why it waits, and listens on no SIP port", async () => {
    await eventually(async () => {
      expect(await console(name)).toMatch(/certificate verify failed[^]*this host's clock/);
    }, 20 * minutes);
    expect(await console(name)).not.toMatch(/sip-proxy: ready/);
    const ahead = hosts[name] > new Date().toISOString();
    expect(Number(await inGuest(name, "date +%s")) > now()).toBe(ahead);
    expect(await inGuest(name, "sudo ss -lntuH '( sport >= :5060 and sport <= :5091 )'")).toBe("");
  });

  test("is ready once its clock is right, with a certificate that is valid, and takes a call", async () => {
    await inGuest(name, `sudo date -s @${now()}`);
    await eventually(async () => {
      expect(await console(name)).toMatch(/sip-proxy: ready/);
    }, 20 * minutes);
    // an emulated machine on a busy one may be late for the first
    await eventually(async () => {
      expect(await firstCall(world, demo.proxies[name].public_ip_address)).toBe(true);
    }, 5 * minutes);
    await eventually(async () => {
      const dates = await inGuest(
        name,
        "sudo openssl x509 -in /run/sip-proxy/tls/certificate.pem -noout -dates",
      );
      const [begin = NaN, end = NaN] = dates.split("\n").map((line) => Date.parse(line.replace(/^.*=/, "")));
      expect(begin).toBeLessThanOrEqual(Date.now());
      expect(end).toBeGreaterThan(Date.now());
    }, 10 * minutes);
    expect(await inGuest(name, "systemctl --failed --no-legend")).toBe("");
  });
});
