import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { start } from "../../src/do/process.js";
import { bases } from "../support/cloud/cloud.js";
import { makeProfile } from "../support/cloud/instance-profile.js";
import { PlayedRunCommand } from "../support/cloud/played-run-command.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";
import { cli } from "../support/demo-image.js";
import { eventually } from "../support/eventually.js";

// Commands for instances through SSM's Run Command. The endpoint is a stand-in that really runs the scripts, with one folder per instance
// as /run, and stand-ins for the host's programs.

useCloud();

let ssm: PlayedRunCommand;
let file: string;

const programs = {
  kamcmd: "printf 'SET: {\n ID: 1\n  URI: sip:10.0.0.2:5060;transport=udp\n  FLAGS: AP\n'",
  "sip-proxy-drain": 'if [ "$1" = status ]; then echo calls=7; else echo "$1" >>/run/drain; fi',
  // lines that do not compress well
  journalctl: `if [ -e /run/slow ]; then sleep 600; fi
for word; do case $word in --grep=*) lines=\${word#--grep=} ;; esac; done
awk -v lines="\${lines:-3}" 'BEGIN {
  for (at = 1; at <= lines; at++) printf "2026-11-29T10:00:00.%06d+0000 kamailio[1]: %.12f %.12f %.12f\\n", at, rand(), rand(), rand()
}'`,
};

beforeEach(async () => {
  await makeProfile(cloud, "host");
  const folder = (name: string) => join(cloud.folder, name);
  mkdirSync(folder("bin"));
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folder("bin"), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  ssm = new PlayedRunCommand(cloud.proxy, (instance, argv) => {
    mkdirSync(folder(instance), { recursive: true });
    const enter = 'mount --bind "$1" /run; PATH=$2:/usr/bin:/bin; shift 2; exec "$@"';
    return ["unshare", "--mount", "sh", "-c", enter, "sh", folder(instance), folder("bin"), ...argv];
  });
  file = await cloud.fleet({
    group: { name: "proxies", subnets, min: 2, max: 4 },
    launch: {
      ec2: {
        ...{ instance_type: "t3.medium", ami: bases.newest.ami_id, subnets, elastic_ip: false },
        ...{ iam_instance_profile: "host", ssm_agent: true },
      },
    },
    // references only: a group's user-data must not contain secrets
    database: { dbhost: "database.example.com", dbpass_kam: "${ssm:/kam}" },
  });
  await cloud.ok("launch", file, "sipproxy0", "--target", "ec2", "--no-wait");
  await cloud.ok("group", "apply", file);
});
afterEach(() => {
  ssm.stop();
  cloud.overridden = {};
});

interface Listed {
  name: string;
  instance: string;
}

const on = (verb: string, ...more: string[]) => cloud.cli(verb, file, ...more, "--target", "ec2");
const instances = async () =>
  (await cloud.json<Listed[]>("list", file, "--target", "ec2")).map(({ name, instance }) => ({
    name,
    instance,
  }));
const members = async () =>
  (await instances()).filter(({ name }) => name === "proxies").map(({ instance }) => instance);
const runOf = (instance: string) => join(cloud.folder, instance);

test("a host, and a group's instances, are asked and told by their names or ids; nothing is left on them", async () => {
  const ids = await members();
  expect(ids).toHaveLength(2);
  const [first = "", second = ""] = ids;
  const all = await on("calls");
  expect([all.code, all.stderr.match(/^.*: its image does not support.*$/gm)?.sort()]).toEqual([
    0,
    ["sipproxy0", ...ids]
      .sort()
      .map((name) => `${name}: its image does not support the list of calls; 7 are up`),
  ]);
  expect((await on("drain", first, "sipproxy0", "--no-wait", "--json")).code).toBe(0);
  const drained = (instance: string) => readdirSync(runOf(instance)).includes("drain");
  const single = (await instances()).find(({ name }) => name === "sipproxy0")?.instance ?? "";
  expect([first, second, single].map(drained)).toEqual([true, false, true]);
  expect((await on("undrain", "proxies")).code).toBe(0);
  expect(readFileSync(join(runOf(first), "drain"), "utf8")).toBe("start\nundo\n");
  expect(readFileSync(join(runOf(second), "drain"), "utf8")).toBe("undo\n");
  for (const instance of [...ids, single]) expect(readdirSync(runOf(instance))).toEqual(["drain"]);

  const unknown = await on("calls", "i-0123456789abcdef0");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(
    /has no host, group or instance i-0123456789abcdef0\n.*sipproxy0, proxies, i-/,
  );
});

test("an answer that SSM would cut comes in parts, whole; one that is too long is told, and nothing of it stays", async () => {
  const { code, stdout } = await on("logs", "sipproxy0", "--grep", "9000");
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(9000);
  expect(lines.at(-1)).toMatch(
    /^2026-11-29T10:00:00\.009000\+0000 {2}sipproxy0 {2}kamailio\[1\]: 0\.\d{12} /,
  );
  expect(ssm.sent.length).toBeGreaterThan(3);
  // SSM would replace text in double braces, so there is none; the sent script is the expected one
  for (const { commands } of ssm.sent) expect(commands).not.toMatch(/\{\{/);
  const packed = /printf %s '([^']+)'/.exec(ssm.sent[0]?.commands ?? "")?.[1] ?? "";
  expect(gunzipSync(Buffer.from(packed, "base64")).toString()).toContain("journalctl");
  const [instance = ""] = ssm.sent.map((sent) => sent.instance);
  expect(readdirSync(runOf(instance))).toEqual([]);

  const long = await on("logs", "sipproxy0", "--grep", "40000");
  expect([long.code, long.stderr]).toEqual([
    1,
    expect.stringMatching(
      /sipproxy0: the answer is too long for Run Command: .*use --since or --grep to reduce it, or --ssh/,
    ),
  ]);
  expect(readdirSync(runOf(instance))).toEqual([]);
});

test("an instance that SSM does not reach is told with the way out, and the others answer", async () => {
  const [first = "", second = ""] = await members();
  ssm.pings = (instance) =>
    instance === first ? undefined : instance === second ? "ConnectionLost" : "Online";
  const some = await on("calls");
  for (const words of [
    `${first}: not reachable: SSM does not manage ${first}: it needs the SSM agent in its image`,
    `${second}: not reachable: the last contact with the SSM agent of ${second} was at 2026-09-21T`,
    "sipproxy0: its image does not support the list of calls; 7 are up",
  ])
    expect(some.stderr).toContain(words);
  const drain = await on("drain", first, "sipproxy0");
  expect([drain.code, drain.stderr]).toEqual([
    1,
    expect.stringMatching(/nothing was done, because these hosts are not reachable: i-/),
  ]);
  // without permission for DescribeInstanceInformation, the error of SendCommand shows it
  cloud.proxy.trouble("DescribeInstanceInformation", { code: "AccessDeniedException" });
  expect((await on("calls", first)).stderr).toContain(`${first}: SSM does not manage ${first}: it needs`);
});

test("commands that are not delivered, cancelled or not permitted, and throttled calls", async () => {
  const asked = async () => (await on("calls", "sipproxy0")).stderr;
  ssm.fails = { status: "TimedOut", details: "DeliveryTimedOut" };
  expect(await asked()).toMatch(
    /sipproxy0: Run Command: DeliveryTimedOut: the SSM agent of i-\w+ did not accept/,
  );
  ssm.fails = { status: "Cancelled", details: "Cancelled" };
  expect(await asked()).toContain("sipproxy0: Run Command: the command was cancelled");
  ssm.fails = undefined;
  cloud.proxy.trouble("SendCommand", { code: "AccessDeniedException", message: "not authorized" });
  expect(await asked()).toContain("sipproxy0: SSM SendCommand: AccessDeniedException: not authorized");
  cloud.proxy.trouble("SendCommand", "throttled", { times: 2 });
  cloud.proxy.trouble("GetCommandInvocation", "throttled", { times: 2 });
  expect(await asked()).toContain("sipproxy0: its image does not support the list of calls; 7 are up");
});

test("interrupted, it cancels what it has sent", async () => {
  const [program, ...words] = cli;
  const instance = (await instances()).find(({ name }) => name === "sipproxy0")?.instance ?? "";
  mkdirSync(runOf(instance), { recursive: true });
  writeFileSync(join(runOf(instance), "slow"), "");
  const argv = [program, ...words, "logs", file, "sipproxy0", "--target", "ec2"] as const;
  const child = start({ argv, env: cloud.env }, { stdio: ["ignore", "ignore", "ignore"] });
  const ended = once(child, "exit");
  await eventually(() => {
    expect(ssm.sent.at(-1)?.looks).toBeGreaterThan(2);
    return Promise.resolve();
  });
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(ssm.sent.at(-1)?.status).toBe("Cancelled");
});

test("a secret is not sent where SSM would keep it; packets need another way", async () => {
  const secret = "n3w-p4ssw0rd";
  cloud.overridden = { PATH: "/usr/bin:/bin", KAM: secret };
  const named = await cloud.fleet(
    {
      launch: { ec2: { instance_type: "t3.medium", ami: bases.newest.ami_id, subnets, elastic_ip: false } },
      database: { dbhost: "127.0.0.1", dbpass_kam: "${env:KAM}" },
    },
    "named",
  );
  const rotated = await cloud.cli("db", "rotate", named, "--target", "ec2");
  expect([rotated.code, rotated.stderr]).toEqual([
    1,
    expect.stringMatching(
      /nothing was changed: SSM's Run Command would keep the database's password in its history\nhint: use --ssh, or a reference/,
    ),
  ]);
  expect(ssm.sent).toEqual([]);
  const trace = await on("trace", "sipproxy0", "--out", join(cloud.folder, "trace.pcapng"));
  expect([trace.code, trace.stderr]).toEqual([
    1,
    expect.stringMatching(
      /sipproxy0: Run Command cannot stream, and ssh through SSM needs .*session-manager-plugin/,
    ),
  ]);
});

test("where the Session Manager plugin is there, packets come by the operator's ssh through SSM", async () => {
  const folder = join(cloud.folder, "bin");
  const done = '{"event": "done", "why": "calls", "calls": [], "packets": 0, "bytes": 0, "dropped": 0}';
  const ssh = `printf '%s\\n' "$@" >${folder}/ssh.words; head -n 1 >${folder}/ssh.script; echo '${done}' >&2`;
  for (const [name, text] of Object.entries({ ssh, aws: "exit 1", "session-manager-plugin": "exit 1" }))
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  cloud.overridden = { PATH: `${folder}:/usr/bin:/bin` };
  const instance = (await instances()).find(({ name }) => name === "sipproxy0")?.instance ?? "";
  const trace = await on("trace", "sipproxy0", "--out", join(cloud.folder, "trace.pcapng"));
  expect([trace.code, trace.stderr]).toEqual([0, expect.stringContaining("sipproxy0: 0 calls, 0 packets")]);
  const words = readFileSync(join(folder, "ssh.words"), "utf8");
  expect(words).toContain(
    "ProxyCommand=aws ssm start-session --region eu-west-1 --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p\n",
  );
  expect(words).toContain(`\n--\nadmin@${instance}\n`);
  expect(readFileSync(join(folder, "ssh.script"), "utf8")).toBe("set -euo pipefail\n");
  // the trace used no Run Command
  expect(ssm.sent).toEqual([]);
});
