import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attempt, run, start } from "../../src/do/process.js";
import { runInGuest } from "../../src/do/local/ssh.js";
import { demo } from "../../src/lab/demo/addresses.js";
import { placeCalls } from "../../src/lab/demo/calls.js";
import { DemoWorld } from "../../src/lab/demo/world.js";
import { AptArchive } from "../support/apt-archive.js";
import { demoGuest } from "../support/demo-guest.js";
import { bakeInto, cli, writeFleet } from "../support/demo-image.js";
import { eventually } from "../support/eventually.js";
import { prepare } from "../support/set-up.js";

// The node exporter and log shipper of docs/images.md, baked into an image and running on a host: Prometheus scrapes the host, and
// systemd-journal-remote receives its journal. Also the host's nightly unattended upgrade, from an archive in a folder.

const folder = mkdtempSync(join(tmpdir(), "added-software-"));
const env = { XDG_STATE_HOME: join(folder, "state"), XDG_DATA_HOME: join(folder, "data"), NO_COLOR: "1" };
const host = "sipproxy0";
const { private_ip_address: address } = demo.proxies[host];
const minutes = 60_000;

let world: DemoWorld;
let fleetFile: string;
const started: ChildProcess[] = [];

/** The part of a page's example between two lines. */
const page = readFileSync(join(import.meta.dirname, "../../docs/images.md"), "utf8");
function example(begin: string, end: string): string {
  const from = page.indexOf(begin);
  const text = page.slice(from, page.indexOf(end, from));
  if (from < 0 || text === "") throw new Error(`docs/images.md has no example that begins with ${begin}`);
  return text;
}
const exporter = example("image:\n  packages: [{ name: prometheus-node-exporter", "```");
const shipper = example("image:\n  packages: [systemd-journal-remote]", "```");

/** The lines below a key of an example's `settings` (or `image`). */
const below = (text: string, key: string) =>
  new RegExp(`^  ${key}:.*\\n((?:    .*\\n|\\n)+)`, "m").exec(text)?.[1] ?? "";

beforeAll(async () => {
  await prepare("bake", "network", "database", "metrics", "logs");
  world = await DemoWorld.start("postgres");
  const netns = world.network.namespace("lan");
  fleetFile = writeFleet(folder, { netns, bridge: "lan", engine: "container" });
  const [image = ""] = exporter.split("settings:\n");
  const files = below(exporter.split("settings:\n")[1] ?? "", "files") + below(shipper, "files");
  const withBoth = readFileSync(fleetFile, "utf8")
    .replace(
      /^image:\n/m,
      image.replace("}] }]", "}] }, systemd-journal-remote]").replace("10.1.9.10", demo.database),
    )
    .replace("host_firewall: true", `$&\n  files:\n${files}  units:\n${below(shipper, "units")}`)
    .replace("base: debian-13", "$&\n  unattended_upgrades: true")
    .replace("http://logs.example.com:19532", `http://${demo.database}:19532`);
  writeFileSync(fleetFile, withBoth);
  await bakeInto(env.XDG_DATA_HOME, fleetFile);
  const inDatabase = (...argv: [string, ...string[]]) => world.network.inNamespace("database", argv);
  const journal = join(folder, "journal");
  mkdirSync(journal);
  const receiver = "/usr/lib/systemd/systemd-journal-remote";
  const listen = `--listen-http=${demo.database}:19532`;
  started.push(
    start({ argv: inDatabase(receiver, listen, "--split-mode=none", `--output=${journal}/host.journal`) }),
  );
  const config = `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: node, static_configs: [{ targets: ["${address}:9100"] }] }]\n`;
  writeFileSync(join(folder, "prometheus.yml"), config);
  const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/tsdb`];
  const web = "--web.listen-address=127.0.0.1:9090";
  started.push(start({ argv: inDatabase("prometheus", ...options, web) }, { stdio: "ignore" }));
  await run({ argv: inDatabase(...cli, "db", "init", fleetFile), env });
  await run({ argv: [...cli, "launch", fleetFile, host, "--target", "local"], env, timeout: 15 * minutes });
});

afterAll(async () => {
  for (const child of started) child.kill();
  await attempt({ argv: [...cli, "terminate", fleetFile, host, "--target", "local", "--now"], env });
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const curl = (from: string, url: string) =>
  attempt({ argv: world.network.inNamespace(from, ["curl", "-s", "--max-time", "5", url]) });

test("Prometheus scrapes the node exporter, with the arguments of user-data; nobody else reaches it", async () => {
  const query = (text: string) =>
    curl("database", `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(text)}`);
  await eventually(async () => {
    const { stdout } = await query('node_systemd_unit_state{name="kamailio.service",state="active"}');
    const { data } = JSON.parse(stdout) as { data: { result: { value: [number, string] }[] } };
    expect(data.result.map(({ value }) => value[1])).toEqual(["1"]);
  }, 2 * minutes);
  expect((await curl("database", `http://${address}:9100/metrics`)).exitCode).toBe(0);
  expect((await curl("recorder0", `http://${address}:9100/metrics`)).exitCode).not.toBe(0);
});

test("the host's journal arrives, with the lines of calls", async () => {
  const { legs } = await placeCalls(world, () => undefined, [host]);
  expect(legs.flatMap(({ faults }) => faults)).toEqual([]);
  await eventually(async () => {
    const read = ["journalctl", "--no-pager", "-o", "cat", `--file=${folder}/journal/host.journal`] as const;
    const { stdout } = await attempt({ argv: read });
    expect(stdout).toContain(`ready: ${host} of fleet ${demo.fleet} takes calls`);
    expect(stdout).toMatch(/CALL event=media call_id=/);
  }, 2 * minutes);
});

/** Runs a script as root on the host. */
const onHost = (script: string) => {
  const guest = demoGuest(world, env.XDG_STATE_HOME, host);
  return runInGuest(guest, { argv: ["sudo", "bash", "-s"], input: script, timeout: 5 * minutes });
};

test("what the timer starts installs a security update, no other update, and not Kamailio's", async () => {
  const archive = await AptArchive.make(join(folder, "archive"), join(folder, "keys"));
  const deb = async (name: string, version: string) => ({
    version,
    deb: await archive.makePackage(name, version),
  });
  for (const name of ["mended", "other"]) await deb(name, "1");
  const ofSecurity = { Origin: "Debian", Label: "Debian-Security" };
  const kamailio = { version: "99:1" };
  await archive.publish(
    "trixie-security",
    { mended: await deb("mended", "2"), kamailio },
    "amd64",
    ofSecurity,
  );
  await archive.publish("trixie", { other: await deb("other", "2") }, "amd64", { Origin: "Debian" });
  archive.write(join(archive.folder, "key.asc"), await archive.key());
  const { stdout: packed } = await run({
    argv: ["sh", "-c", 'tar -c -C "$1" . | base64', "pack", archive.folder],
  });
  const before = (await onHost("dpkg-query -W -f '${Version}' kamailio")).trim();
  await onHost(`set -e
    mkdir -p /srv/archive && base64 -d <<<'${packed}' | tar -x -C /srv/archive
    dpkg -i /srv/archive/pool/*_1.deb
    rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
    printf '%s\\n' 'Types: deb' 'URIs: file:/srv/archive' 'Suites: trixie trixie-security' 'Components: main' \
      'Signed-By: /srv/archive/key.asc' >/etc/apt/sources.list.d/test.sources
    apt-get update
    systemctl start apt-daily-upgrade.service`);
  const versions = await onHost("dpkg-query -W -f '${Package} ${Version}\n' mended other kamailio");
  expect(versions.trim().split("\n").sort()).toEqual([`kamailio ${before}`, "mended 2", "other 1"]);
  const { legs } = await placeCalls(world, () => undefined, [host]);
  expect(legs.flatMap(({ faults }) => faults)).toEqual([]);
});
