import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt, run, start } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { eventually } from "../support/eventually.js";
import { fleetOf } from "../support/fleets.js";

// How a host uses the relay's kernel module, and keeps rtpengine's nftables rules. The tests use the kernel's real packet filter in a
// network that ends with its program; tests in a VM use the module itself.

const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
let folder: string;
const ends: (() => unknown)[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kernel-forwarding-"));
});
afterAll(() => {
  for (const end of ends) end();
  rmSync(folder, { recursive: true });
});

const version = "12.5.1.31-1";
const moduleOf = "usr/share/sip-proxy/kernel-module-of";
const tableStatus = "proc/rtpengine/0/status";
const refuses = { systemctl: "[[ $1 != show ]] || echo 42" };
const rejected = `echo "modprobe: ERROR: could not insert 'x': Key was rejected by service"`;

/** Programs of a host on which the module loads, as lines of shell. */
const able = {
  uname: "echo 6.12.118-cloud",
  "systemd-detect-virt": "false",
  "dpkg-query": `echo ${version}`,
  journalctl: "true",
  systemctl: `echo "$@" >>"$SIP_PROXY_ROOT/systemctl"; [[ $1 != show ]] || echo 42
[[ $* != "start modprobe@xt_RTPENGINE.service" || $(uname) != 6.12.118-cloud ]] || mkdir -p "$SIP_PROXY_ROOT/sys/module/xt_RTPENGINE"`,
  nft: "true",
};

interface Given {
  programs?: Partial<Record<keyof typeof able, string>>;
  image?: object;
  settings?: object;
  files?: Record<string, string>;
  env?: (hostEnv: string) => string;
}

async function hostWith(name: string, control: string, given: Given): Promise<string> {
  const root = join(folder, name);
  const fleet = fleetOf({
    image: { media_relay: "rtpengine", kernel_forwarding: "auto", ...given.image },
    settings: given.settings ?? {},
  });
  const { files } = renderHost(fleet, fleet.hosts[0] ?? expect.fail(), () => "");
  const hostEnv = String(files.find(({ path }) => path === "etc/sip-proxy/host.env")?.content);
  const content = (given.env ?? ((text) => text))(
    hostEnv.replace(/^RELAY_CONTROLS=.*$/m, `RELAY_CONTROLS=${control}`),
  );
  await writeFiles(root, [
    { path: "etc/sip-proxy/host.env", content },
    ...Object.entries({
      [moduleOf]: `rtpengine-daemon ${version}\n`,
      [tableStatus]: "Refcount:    1\nControl PID: 42\nTargets:     0\n",
      ...given.files,
    }).map(([path, text]) => ({ path, content: text })),
    ...Object.entries({ ...able, ...given.programs }).map(([program, script]) => ({
      path: `bin/${program}`,
      content: `#!/bin/bash\n${script}\n`,
      mode: 0o755,
    })),
  ]);
  return root;
}

const environment = (root: string) => ({
  SIP_PROXY_ROOT: root,
  SIP_PROXY_LIB: lib,
  SIP_PROXY_USER: "",
  SIP_PROXY_WAIT: "20",
  PATH: `${root}/bin:${process.env["PATH"]}`,
});

/** Runs the boot step for the media relay. Returns its output (`said`), the drop-in of rtpengine's unit, and the state file. */
async function boot(name: string, given: Given = {}) {
  const root = await hostWith(name, await anRtpengine(), given);
  const finished = await attempt({
    argv: ["bash", join(lib, "media-relay")],
    env: environment(root),
    timeout: 60_000,
  });
  const read = (path: string) =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
  return {
    exitCode: finished.exitCode,
    said: finished.stdout,
    dropIn: read("run/systemd/system/rtpengine@.service.d/kernel.conf"),
    state: read("run/sip-proxy/kernel-forwarding"),
    systemctl: read("systemctl"),
  };
}

/** Starts a stand-in for rtpengine that answers pings. */
async function anRtpengine(): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) =>
    socket.send(`${message.toString().split(" ")[0]} d6:result4:ponge`, port, address),
  );
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  ends.push(() => socket.close());
  return `udp:127.0.0.1:${socket.address().port}`;
}

describe("at its boot a host", () => {
  test("loads the module, and gives rtpengine its table and the one right, before it starts", async () => {
    const { said, dropIn, state, systemctl } = await boot("able", {
      settings: { trusted: ["203.0.113.0/24"] },
    });
    expect(said).toContain("media relay ready: rtpengine@1.service; packets are forwarded in the kernel");
    expect(dropIn).toBe(`[Service]
CapabilityBoundingSet=CAP_NET_ADMIN
AmbientCapabilities=CAP_NET_ADMIN
Environment="KERNEL_ARGUMENTS=--table=0 --nftables-family=ip --endpoint-learning=immediate"
`);
    expect(state).toBe("yes\n");
    expect(systemctl).toMatch(
      /^start modprobe@xt_RTPENGINE\.service\ndaemon-reload\nstart rtpengine@1\.service\n/,
    );
  });

  test("learns no sender from the first packet where anybody may send", async () => {
    const { dropIn } = await boot("open", { settings: { trusted: [] } });
    expect(dropIn).toContain('"KERNEL_ARGUMENTS=--table=0 --nftables-family=ip"');
  });

  const inUserSpace: [string, Given, string][] = [
    ["it is told so", { image: { kernel_forwarding: false } }, "kernel_forwarding is false"],
    [
      "it is a container",
      { programs: { "systemd-detect-virt": "true" } },
      "containers do not have their own kernel",
    ],
    [
      "another kernel runs",
      { programs: { uname: "echo 6.12.200-cloud" } },
      "no module for the running kernel 6.12.200-cloud",
    ],
    [
      "rtpengine is another",
      { programs: { "dpkg-query": "echo 12.5.1.60-1" } },
      `is for rtpengine-daemon ${version}`,
    ],
    ["the image has no module", { files: { [moduleOf]: "" } }, "the image has no module for it"],
    [
      "Secure Boot knows no key of it",
      { programs: { ...refuses, journalctl: rejected } },
      "the module: Key was rejected by service",
    ],
    ["it has not got its table", { files: { [tableStatus]: "Control PID: 7\n" } }, "does not use its table"],
  ];
  test.each(inUserSpace)("works in user space where %s, and says so", async (title, given, why) => {
    const { exitCode, said, state, dropIn } = await boot(title, given);
    expect([exitCode, said]).toEqual([0, expect.stringContaining("packets go through user space: ")]);
    expect(said).toContain(why);
    expect(state).toMatch(/^no: /);
    expect(state).toContain(why);
    if (!title.includes("table")) expect(dropIn).toBeUndefined();
  });

  test("is not ready in user space where kernel_forwarding is true", async () => {
    const { exitCode, said } = await boot("must", {
      image: { kernel_forwarding: true },
      programs: { uname: "echo 6.12.200-cloud" },
    });
    expect(exitCode).not.toBe(0);
    expect(said).toMatch(
      /FAILED: kernel_forwarding is true, but packets go through user space: .*6\.12\.200-cloud/,
    );
    expect(said).not.toContain("media relay ready");
  });

  test("does nothing of it with the user-data of a former release", async () => {
    const env = (hostEnv: string) => hostEnv.replace(/^(RELAY_KERNEL_.*|KERNEL_FORWARDING)=.*\n/gm, "");
    const { said, dropIn, state } = await boot("former", { env });
    expect(said).toMatch(/media relay ready: rtpengine@1\.service$/m);
    expect([dropIn, state]).toEqual([undefined, undefined]);
  });
});

/** The rules of `rtpengine --nftables-start`, without its own target. */
const startRules = `echo "$@" >>"$SIP_PROXY_ROOT/asked"
[[ ! -e $SIP_PROXY_ROOT/cannot ]] || exit 1
nft -f - <<RULES
table ip filter {
  chain rtpengine { }
  chain INPUT { type filter hook input priority filter; }
}
flush chain ip filter rtpengine
insert rule ip filter INPUT ip protocol udp counter jump rtpengine
add rule ip filter rtpengine counter
RULES`;

test("puts rtpengine's rules back when somebody removes them, and counts that", async () => {
  const control = join(folder, "control");
  const state = { asked: 0 };
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.once("data", () => {
      state.asked++;
      connection.end("d10:statisticsd17:currentstatisticsd13:sessionstotali3eeee");
    });
  }).listen(control);
  await once(server, "listening");
  const root = await hostWith("watched", `unix:${control}`, { settings: { trusted: ["203.0.113.0/24"] } });
  rmSync(join(root, "bin/nft"));
  await writeFiles(root, [
    { path: "bin/rtpengine", content: `#!/bin/bash\n${startRules}\n`, mode: 0o755 },
    { path: "etc/sip-proxy/rtpengine-1.env", content: 'OPTIONS="--port-min=20000 --port-max=30000"\n' },
    { path: "run/sip-proxy/kernel-forwarding", content: "yes\n" },
  ]);
  const env = { ...environment(root), SIP_PROXY_LOOK: "0.3" };
  const argv = ["unshare", "--net", "bash", "-c", `while :; do ${join(lib, "relay-watch")}; done`] as const;
  const watch = start({ argv, env }, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  ends.push(() => watch.pid !== undefined && process.kill(-watch.pid, "SIGKILL"));
  ends.push(() => server.close());
  let said = "";
  watch.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const at = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8") : "");
  const network = `--net=/proc/${watch.pid}/ns/net`;
  const nft = (...words: string[]) => run({ argv: ["nsenter", network, "nft", ...words] });
  const restored = async (count: number) => {
    await eventually(() => expect(at("run/sip-proxy/kernel-forwarding.restored")).toBe(`${count}\n`));
    expect(
      (await nft("list", "chain", "ip", "filter", "INPUT")).stdout.match(/jump rtpengine/g),
    ).toHaveLength(1);
    await eventually(() =>
      expect(said.match(/were removed \(nft flush ruleset\?\), and have been/g)).toHaveLength(count),
    );
  };

  // without the module, nobody needs the rules
  await eventually(() => expect(state.asked).toBeGreaterThanOrEqual(4));
  expect(at("asked")).toBe("");

  await writeFiles(root, [
    { path: "run/systemd/system/rtpengine@.service.d/kernel.conf", content: "[Service]\n" },
  ]);
  await restored(1);
  expect(at("asked")).toBe(
    "--config-file=none --table=0 --nftables-family=ip --endpoint-learning=immediate --nftables-start\n",
  );
  await nft("flush", "ruleset");
  await restored(2);
  await nft("flush", "table", "ip", "filter");
  await restored(3);

  writeFileSync(join(root, "cannot"), "");
  await nft("flush", "ruleset");
  const failed = "FAILED: rtpengine's nftables rules were removed and cannot be restored";
  await eventually(() => expect(said).toContain(failed));
  expect(at("run/sip-proxy/kernel-forwarding")).toMatch(/^no: /);
  // count and state go on after a restart of the watch
  await run({ argv: ["pkill", "-KILL", "-P", String(watch.pid)] });
  // a restarted relay sets the rules itself
  await nft("add table ip filter; add chain ip filter rtpengine; add chain ip filter INPUT");
  await nft("add rule ip filter INPUT jump rtpengine; add rule ip filter rtpengine counter");
  await eventually(() => expect(at("run/sip-proxy/kernel-forwarding")).toBe("yes\n"));

  rmSync(join(root, "cannot"));
  await nft("flush", "ruleset");
  await restored(4);
  expect(at("run/sip-proxy/kernel-forwarding")).toBe("yes\n");
});
