import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInGuest } from "../../src/do/local/ssh.js";
import { attempt, run } from "../../src/do/process.js";
import { placeCalls } from "../../src/lab/demo/calls.js";
import { DemoWorld } from "../../src/lab/demo/world.js";
import { demoGuest } from "../support/demo-guest.js";
import { bakeImage, cli, mediaRelay, writeFleet } from "../support/demo-image.js";
import { eventually } from "../support/eventually.js";

// All agents of a running host, with the rights of their units. A denied access would be in the journal, because agents continue after one.

const folder = mkdtempSync(join(tmpdir(), "agents-"));
const env = { XDG_STATE_HOME: join(folder, "state"), NO_COLOR: "1" };
const host = "sipproxy0";
const relay = `${mediaRelay}@1`;

let world: DemoWorld;
let fleetFile: string;
let image: Awaited<ReturnType<typeof bakeImage>>;

const settings = `
  enable_metrics: true
  enable_tls: true
  files:
    /opt/added/by/user-data: { content: "text", mode: "0640", owner: "root:sip-proxy" }
  units:
    added.service: { content: "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n" }`;

beforeAll(async () => {
  world = await DemoWorld.start("postgres");
  fleetFile = writeFleet(folder, { netns: world.network.namespace("lan"), bridge: "lan" });
  const text = readFileSync(fleetFile, "utf8");
  writeFileSync(fleetFile, text.replace("host_firewall: true", `$&${settings}`));
  image = await bakeImage(fleetFile);
  await run({ argv: world.network.inNamespace("database", [...cli, "db", "init", fleetFile]), env });
  await run({ argv: [...cli, "launch", fleetFile, host, "--target", "local"], env, timeout: 1_500_000 });
});

afterAll(async () => {
  await attempt({ argv: [...cli, "terminate", fleetFile, host, "--target", "local", "--now"], env });
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script as root on the host. */
function onHost(script: string): Promise<string> {
  const guest = demoGuest(world, env.XDG_STATE_HOME, host);
  return runInGuest(guest, { argv: ["sudo", "bash", "-s"], input: script, timeout: 120_000 });
}

const metrics = () => onHost("curl -s http://127.0.0.1:8090/metrics");
const said = (unit: string) => onHost(`journalctl -b --no-pager -o cat -u ${unit}`);
const inDatabase = (sql: string) =>
  onHost(`set -a; . /run/sip-proxy/database.env; psql -qAtX -h "$PGHOST" <<<"${sql}"`);

test("those that need not be root are not", async () => {
  const users = await onHost(
    "for unit in call-watch exporter health metrics; do systemctl show -P User sip-proxy-$unit; done; ps -o user= -C call-watch.py",
  );
  expect(new Set(users.trim().split(/\s+/))).toEqual(new Set(["sip-proxy"]));
});

test("those that are know neither systemd nor D-Bus, unless it is their work", async () => {
  const pid = "$(systemctl show -P MainPID sip-proxy-dispatcher-sync)";
  const found = await onHost(`nsenter -t ${pid} -m ls -ld /run/systemd/private | cut -c 1-10`);
  expect(found.trim()).toBe("s---------");
});

test("calls are counted, and told to Prometheus with all that the others know", async () => {
  const { legs } = await placeCalls(world, () => undefined, [host]);
  expect(legs.flatMap(({ faults }) => faults)).toEqual([]);
  await eventually(async () => {
    const told = await metrics();
    for (const metric of [
      `sip_proxy_media_relay_up{relay="${relay}"} 1`,
      "sip_proxy_database_up 1",
      "sip_proxy_tls_certificate_end_seconds ",
      'sip_proxy_dropped_packets_total{reason="stranger"} ',
      'sip_proxy_recorder_up{set="1",recorder="recorder0",uri="sip:10.0.0.3:5060;transport=udp"} 1',
      "sip_proxy_stream_packets_total{",
    ])
      expect(told).toContain(metric);
  });
});

test("what is not root may ask the relay; another user may not", async () => {
  const control = await onHost(". /etc/sip-proxy/host.env; echo $RELAY_PROTOCOL $RELAY_CONTROLS");
  const [protocol, ...controls] = control.trim().split(" ");
  const ask = (user: string) =>
    onHost(
      `runuser -u ${user} ${user === "sip-proxy" ? "-G rtpproxy" : ""} -- /usr/lib/sip-proxy/relay-control ${protocol} sessions ${controls.join(" ")}; true`,
    );
  expect((await ask("sip-proxy")).trim()).toMatch(/^(\d+\n?)+$/);
  expect((await ask("nobody")).trim()).toMatch(/^(-\n?)+$/);
});

test("the dispatcher table is followed, into Kamailio, the guard and /etc/hosts", async () => {
  await inDatabase(
    "INSERT INTO dispatcher (setid, destination, description) VALUES (1, 'sip:10.0.0.77', 'more'), (1, 'sip:recorder9.example', 'named')",
  );
  await eventually(async () => {
    expect(await onHost("kamcmd dispatcher.list")).toContain("sip:10.0.0.77");
    expect(await onHost("nft list set ip sip_proxy recorders")).toContain("10.0.0.77");
    expect(await onHost("cat /etc/hosts")).toMatch(/^255\.255\.255\.255 recorder9\.example$/m);
  });
  await inDatabase("DELETE FROM dispatcher WHERE description IN ('more', 'named')");
  await eventually(async () => expect(await onHost("cat /etc/hosts")).not.toContain("recorder9"));
});

test("what the database could not be told at the boot is made good", async () => {
  await onHost("touch /run/sip-proxy/database-due");
  await eventually(() => onHost("test ! -e /run/sip-proxy/database-due"), 120_000);
});

test("a drain holds, and is undone", async () => {
  await onHost("sip-proxy-drain start");
  expect(await onHost("kamcmd cfg.get proxy draining")).toContain("1");
  await onHost("sip-proxy-drain undo");
  expect(await onHost("kamcmd cfg.get proxy draining")).toContain("0");
});

test("certificates are renewed", async () => {
  await onHost(`mkdir -p /run/systemd/system/sip-proxy-tls-renew.service.d
    printf '[Service]\\nEnvironment=SIP_PROXY_TLS_PAUSE=1\\n' >/run/systemd/system/sip-proxy-tls-renew.service.d/30-test.conf
    rm -r /var/lib/sip-proxy/tls
    systemctl daemon-reload
    systemctl restart sip-proxy-tls-renew`);
  await eventually(async () =>
    expect(await said("sip-proxy-tls-renew")).toContain("TLS: the new certificate is in use"),
  );
  expect(await onHost("runuser -u kamailio -- cat /run/sip-proxy/tls/private_key.pem")).toContain(
    "PRIVATE KEY",
  );
  expect(await onHost("runuser -u sip-proxy -- cat /run/sip-proxy/tls/private_key.pem 2>&1; true")).toContain(
    "Permission denied",
  );
});

test("files and units of the fleet file are in place", async () => {
  expect(await onHost("stat -c '%a %U:%G' /opt/added/by/user-data; systemctl is-active added")).toBe(
    "640 root:sip-proxy\nactive",
  );
});

test("a relay that hangs is ended, and a Kamailio that is started again is asked as before", async () => {
  await onHost(`kill -STOP $(systemctl show -P MainPID ${relay})`);
  await eventually(
    async () => expect(await said("sip-proxy-relay-watch")).toMatch(/: ended; \d+ sessions/),
    60_000,
  );
  await onHost("systemctl restart kamailio");
  await eventually(async () => {
    const told = await metrics();
    expect(told).toContain(`sip_proxy_media_relay_up{relay="${relay}"} 1`);
    expect(told).toContain("sip_proxy_recorder_up{");
    // until relay-watch has its answer, too, Kamailio refuses calls and OPTIONS
    expect(await onHost("kamcmd htable.dump silent")).toBe("");
  });
  const { legs } = await placeCalls(world, () => undefined, [host]);
  expect(legs.flatMap(({ faults }) => faults)).toEqual([]);
});

test("the image has its bill of materials", async () => {
  const beside = readFileSync(join(dirname(image.path), "sbom.cdx.json"), "utf8");
  expect(await onHost("cat /usr/share/sip-proxy/sbom.cdx.json")).toBe(beside.trimEnd());
  expect(image.manifest.contents.sbom).toBe(`sha256:${createHash("sha256").update(beside).digest("hex")}`);
  const { components } = JSON.parse(beside) as { components: { name: string; version: string }[] };
  const packages = components.filter(({ name }) => name in image.manifest.contents.packages);
  expect(Object.fromEntries(packages.map(({ name, version }) => [name, version]))).toEqual(
    image.manifest.contents.packages,
  );
});

test("nothing was refused to any of them, and no unit has failed", async () => {
  const journal = await onHost("journalctl -b --no-pager -u 'sip-proxy-*'");
  const refused =
    /denied|not permitted|Read-only file system|Traceback|Errno (1|13|30)\b|can't read|status=31/i;
  expect(journal.split("\n").filter((line) => refused.test(line))).toEqual([]);
  expect(await onHost("systemctl --failed --no-legend")).toBe("");
});
