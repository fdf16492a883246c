import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";
import { run } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { eventually } from "../support/eventually.js";
import { replaceFile } from "../support/replace-file.js";

// How the watch reacts to a silent relay, with stand-ins for nft and systemctl. The call tier tests that it finds and ends real relays.

const folder = mkdtempSync(join(tmpdir(), "relay-watch-"));
const ends: (() => unknown)[] = [];
afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  rmSync(folder, { recursive: true });
});

/** nft prints the file `packets`; systemctl reports a running unit and writes commands that end it to `ended`. */
const stubs = {
  nft: 'cat >"$0.asked"; echo "packets $(cat "$SIP_PROXY_ROOT/packets") bytes 1"',
  systemctl: '[[ $1 == show ]] && echo 42 || echo "$@" >>"$SIP_PROXY_ROOT/ended"',
};

/** A host with one relay, which answers while `answers` is true. If the relay is silent, its calls may continue for `limit` seconds. */
async function host(name: string, limit = 60) {
  const root = join(folder, name);
  const socket = createSocket("udp4");
  const state = { answers: true, answered: 0 };
  socket.on("message", (message, { port, address }) => {
    const [cookie = ""] = message.toString().split(" ");
    if (!state.answers) return;
    socket.send(`${cookie} active sessions: 7\n`, port, address);
    state.answered++;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  await writeFiles(root, [
    { path: "packets", content: "5" },
    { path: "etc/sip-proxy/rtpproxy-1.env", content: 'OPTIONS="-f -m 20000 -M 24999"\n' },
    ...Object.entries(stubs).map(([program, script]) => ({
      path: `bin/${program}`,
      content: `#!/bin/bash\n${script}\n`,
      mode: 0o755,
    })),
  ]);
  const program = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy/relay-watch.py");
  const words = ["rtpproxy", `${limit}`, "rtpproxy@1.service", `udp:127.0.0.1:${socket.address().port}`];
  const env = { ...process.env, SIP_PROXY_ROOT: root, PATH: `${root}/bin:${process.env["PATH"]}` };
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const watch: ChildProcess = spawn(program, words, { env, stdio: [...stdio], detached: true });
  const left = once(watch, "close");
  ends.push(
    // with the stubs that it has started, which still write
    async () => {
      if (watch.pid !== undefined && watch.exitCode === null && watch.signalCode === null)
        process.kill(-watch.pid, "SIGKILL");
      await left;
    },
    () => socket.close(),
  );
  let said = "";
  for (const stream of [watch.stdout, watch.stderr])
    stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = () => (existsSync(join(root, "ended")) ? readFileSync(join(root, "ended"), "utf8") : "");
  return {
    state,
    watch,
    ended,
    said: () => said,
    packets: (count: number | string) => replaceFile(join(root, "packets"), `${count}`),
    proc: (path: string, content: string) => {
      mkdirSync(dirname(join(root, "proc", path)), { recursive: true });
      replaceFile(join(root, "proc", path), content);
    },
  };
}

/** Waits for one more round of the watch: it has received an answer, and queries again. */
async function asked(state: { answered: number }): Promise<void> {
  const before = state.answered;
  await eventually(() => expect(state.answered).toBeGreaterThanOrEqual(before + 2));
}

const killed = "kill --signal=KILL rtpproxy@1.service\n";
/** Time limit in milliseconds for ten seconds of silence: late polls of the watch do not count. */
const LONG = 120_000;

test.concurrent(
  "one that neither answers nor relays is ended, and that is logged with what is lost",
  async () => {
    const { state, ended, said } = await host("hung");
    await asked(state);
    state.answers = false;
    await eventually(() => expect(ended()).toBe(killed), LONG);
    expect(said()).toMatch(/rtpproxy@1 does not answer: it gets no new calls/);
    expect(said()).toMatch(/no answer for 1\d s, no packet relayed for 1\d s: ended; 7 sessions are lost/);
    state.answers = true;
    await eventually(() => expect(said()).toMatch(/rtpproxy@1 answers again: it gets new calls/));
  },
);

test.concurrent("one that relays is left until its last packet", async () => {
  const { state, ended, said, packets } = await host("relaying");
  state.answers = false;
  let count = 10;
  await eventually(() => {
    packets(count++);
    expect(said()).toContain("it still relays packets: it keeps its calls until the last one has ended");
  }, LONG);
  expect(ended()).toBe("");
  await eventually(() => expect(ended()).toBe(killed), LONG);
});

test.concurrent("one that relays and relays is ended at the limit", async () => {
  const { state, ended, said, packets } = await host("endless", 15);
  state.answers = false;
  let count = 10;
  await eventually(() => {
    packets(count++);
    expect(ended()).toBe(killed);
  }, LONG);
  expect(said()).toContain("it still relays packets: it keeps its calls until the last one has ended");
  expect(said()).toMatch(
    /no answer for 1[5-9] s, the limit for its last calls: ended; \d+ sessions are lost/,
  );
});

test.concurrent("a short silence is none", async () => {
  const { state, ended, said } = await host("short");
  for (let times = 1; times <= 3; times++) {
    state.answers = false;
    await eventually(() => expect(said().match(/does not answer/g)).toHaveLength(times));
    state.answers = true;
    await eventually(() => expect(said().match(/answers again: it gets new calls/g)).toHaveLength(times));
  }
  expect(ended()).toBe("");
});

test.concurrent("time for which the watch itself was late does not count", async () => {
  const { state, watch, ended, said } = await host("late");
  state.answers = false;
  await eventually(() => expect(said()).toContain("does not answer"));
  watch.kill("SIGSTOP");
  await sleep(10_000);
  watch.kill("SIGCONT");
  const continued = Date.now();
  await eventually(() => expect(ended()).toBe(killed), LONG);
  // few of the ten seconds had passed before the stop
  expect(Date.now() - continued).toBeGreaterThan(5000);
});

test.concurrent("what it did not foresee ends it, and systemd starts it anew", async () => {
  const { state, watch, packets, said } = await host("surprised");
  packets("none");
  state.answers = false;
  await eventually(() => expect(watch.exitCode).toBe(1));
  expect(said()).toContain("invalid literal");
});

test.concurrent("what hangs again and again is ended three times, no more", async () => {
  const { state, ended, said } = await host("often");
  state.answers = false;
  await eventually(() => expect(said()).toContain("it hangs, but is not ended again"), 2 * LONG);
  expect(ended()).toBe(killed.repeat(3));
});

test.concurrent("one that is busy all the time gets no new calls until it has room", async () => {
  const { proc, said } = await host("busy");
  const began = Date.now();
  let [share, ticks, then] = [0.95, 0, began];
  const clock = setInterval(() => {
    const now = Date.now();
    ticks += ((now - then) / 1000) * share * 100;
    then = now;
    proc("42/stat", `42 (rtp proxy) S ${"0 ".repeat(10)}${Math.round(ticks)} 0 0 0`);
  }, 50);
  ends.push(() => clearInterval(clock));
  await eventually(() => expect(said()).toMatch(/rtpproxy@1 is full.*it is busy for \d+%/));
  share = 0.3;
  await eventually(() => expect(said()).toContain("rtpproxy@1 has room for new calls again"));
});

test("is full from 85 % on, over three looks, until it is below 70 %", async () => {
  const program = `
import os, sys
sys.path.insert(0, sys.argv[1])
import load
now = ticks = 0
load.time.monotonic = lambda: now
watched = load.Load(1, lambda: 42, lambda: None)
watched.ticks = lambda: ticks
for share in [95] * 5 + [78] * 5 + [60] * 5:
    print("full" if watched.look() else "room")
    now, ticks = now + 1, ticks + share * load.TICKS / 100`;
  const scripts = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const { stdout } = await run({ argv: ["/usr/bin/python3", "-Bc", program, scripts] });
  // mean load of three polls: 95, 95, 78 and so on to 78, 60, 60
  const looks = [...Array<string>(3).fill("room"), ...Array<string>(9).fill("full"), "room", "room", "room"];
  expect(stdout.trim().split("\n")).toEqual(looks);
});

test.concurrent(
  "one whose sockets drop packets gets no new calls for a while; other sockets are nothing to it",
  async () => {
    const { state, proc, said } = await host("drops");
    const dropped = (errors: number, port: number) => {
      const hex = port.toString(16).toUpperCase().padStart(4, "0");
      proc(
        "net/udp",
        `  sl  local_address ... drops\n 1: 0100007F:${hex} 00000000:0000 07 0:0 00:0 0 0 0 2 0 ${errors}\n`,
      );
      proc("net/snmp", `Udp: InDatagrams RcvbufErrors\nUdp: 7 ${errors}\nUdpLite: InDatagrams\nUdpLite: 0\n`);
    };
    dropped(0, 20002);
    await asked(state);
    dropped(5, 5080);
    await asked(state);
    expect(said()).toBe("");
    dropped(8, 20002);
    await eventually(() => expect(said()).toMatch(/rtpproxy@1 is full.*its sockets have dropped 8 packets/));
    await eventually(() => expect(said()).toContain("rtpproxy@1 has room for new calls again"));
  },
);
