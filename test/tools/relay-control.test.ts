import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderHost } from "../../src/commands/render-host.js";
import { packageRoot } from "../../src/do/assets.js";
import { attempt, run } from "../../src/do/process.js";
import { writeFiles } from "../../src/do/write-files.js";
import { allRelays, relayNames, type RelayName } from "../../src/relay/registry.js";
import { fleetOf } from "../support/fleets.js";

// The host's client for the relays' control protocols. The call tier tests it with the relays themselves.

const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
let folder: string;
const ends: (() => unknown)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "relay-control-"));
});
afterAll(() => {
  for (const end of ends) end();
  rmSync(folder, { recursive: true });
});

const ask = async (...words: string[]) => {
  const { stdout, exitCode } = await attempt({
    argv: [join(lib, "relay-control"), ...words],
    timeout: 20_000,
  });
  return [exitCode, ...stdout.trim().split("\n")];
};

/** A relay on a unix socket that takes one command per connection. Returns its address and the received commands. */
async function onUnix(name: string, answers: (command: string) => string) {
  const commands: string[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.once("data", (data) => {
      commands.push(data.toString());
      connection.end(answers(data.toString()));
    });
  }).listen(join(folder, name));
  await once(server, "listening");
  ends.push(() => server.close());
  return { address: `unix:${join(folder, name)}`, commands };
}

/** A relay on a UDP port; `answers` gets the command without its cookie. */
async function onUdp(answers: (command: string) => string | Buffer | undefined) {
  const socket: Socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    const [cookie = "", ...words] = message.toString().split(" ");
    const answer = answers(words.join(" "));
    if (answer !== undefined)
      socket.send(Buffer.concat([Buffer.from(`${cookie} `), Buffer.from(answer)]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  ends.push(() => socket.close());
  return `udp:127.0.0.1:${socket.address().port}`;
}

const rtpproxy = (command: string) => {
  if (command.startsWith("U ")) return "20002 10.0.0.1\n";
  if (command.startsWith("D ")) return "0\n";
  return "sessions created: 31\nactive sessions: 7\nactive streams: 14\npackets received: 0\n";
};

describe("RTPProxy's protocol", () => {
  test("asks for the sessions", async () => {
    const { address } = await onUnix("sessions", rtpproxy);
    expect(await ask("rtpproxy", "sessions", address)).toEqual([0, "7"]);
  });

  test("takes a port and gives it back", async () => {
    const { address, commands } = await onUnix("probe", rtpproxy);
    expect(await ask("rtpproxy", "probe", address)).toEqual([0, "ok"]);
    const [made = "", ended = ""] = commands;
    expect(made).toMatch(/^U (\S+) 127\.0\.0\.1 9 a\n$/);
    expect(ended).toBe(`D ${made.split(" ")[1]} a\n`);
  });

  test("a port that comes too late is given back, too", async () => {
    const { address, commands } = await onUnix("late", (command) => (command.startsWith("U") ? "" : "0\n"));
    expect(await ask("rtpproxy", "probe", address)).toEqual([1, "-"]);
    expect(commands.map((command) => command[0])).toEqual(["U", "D"]);
  });

  test("one that is full has no port, and is alive", async () => {
    const { address } = await onUnix("full", (command) =>
      command.startsWith("U") ? "E71\n" : rtpproxy(command),
    );
    expect(await ask("rtpproxy", "probe", address)).toEqual([1, "-"]);
    expect(await ask("rtpproxy", "sessions", address)).toEqual([0, "7"]);
  });

  test("tells the packets, all of user space", async () => {
    const { address, commands } = await onUnix("packets", () => "4711\n");
    expect(await ask("rtpproxy", "packets", address)).toEqual([0, "4711"]);
    expect(commands).toEqual(["G npkts_relayed\n"]);
  });

  test("over UDP a cookie comes first", async () => {
    const address = await onUdp(rtpproxy);
    expect(await ask("rtpproxy", "sessions", address)).toEqual([0, "7"]);
    expect(await ask("rtpproxy", "probe", address)).toEqual([0, "ok"]);
  });

  test("of several each answers for itself", async () => {
    const { address } = await onUnix("one of several", rtpproxy);
    const nobody = `unix:${join(folder, "nobody")}`;
    expect(await ask("rtpproxy", "sessions", address, nobody, address)).toEqual([1, "7", "-", "7"]);
  });
});

describe("the ng protocol", () => {
  // starts with a text that contains the name of the wanted value: a search by pattern would find that one
  const statistics =
    "d6:result2:ok4:text19:13:sessionstotali9e10:statisticsd17:currentstatisticsd11:sessionsowni2e13:sessionstotali3eee" +
    "e";

  test("asks for the sessions, and reads the whole answer", async () => {
    const commands: string[] = [];
    const address = await onUdp((command) => {
      commands.push(command);
      return command.includes("statistics") ? statistics : "d6:result4:ponge";
    });
    expect(await ask("ng", "sessions", address)).toEqual([0, "3"]);
    expect(await ask("ng", "probe", address)).toEqual([0, "ok"]);
    expect(commands).toEqual(["d7:command10:statisticse", "d7:command4:pinge"]);
  });

  test("tells the packets of user space and of the kernel", async () => {
    const totals = "d19:relayedpackets_useri7e21:relayedpackets_kerneli4000e20:relayedpackets_totali4007ee";
    const address = await onUdp(() => `d6:result2:ok10:statisticsd15:totalstatistics${totals}ee`);
    expect(await ask("ng", "packets", address)).toEqual([0, "7 4000"]);
  });

  test.each([
    ["says nothing", undefined],
    ["says something else", "d6:result5:errore"],
    ["is cut off", statistics.slice(0, -20)],
    ["is no bencode", "hello"],
    ["is empty", ""],
  ])("an answer that %s is none", async (_, answer) => {
    const address = await onUdp(() => answer);
    expect(await ask("ng", "sessions", address)).toEqual([1, "-"]);
  });
});

test("every relay's protocol is known", async () => {
  for (const { protocol } of allRelays()) expect(await ask(protocol, "sessions")).toEqual([0, ""]);
  expect((await ask("another", "sessions"))[0]).toBe(1);
});

describe("user-data of older releases", () => {
  // values from these releases' EnvironmentFiles
  const formerly: Record<RelayName, string> = {
    rtpproxy: `rtpproxy\n${[1, 2, 3].map((number) => `unix:/run/rtpproxy/${number}.sock`).join(" ")}\n2`,
    rtpengine: "ng\nudp:127.0.0.1:2223\n1",
  };

  test.each(relayNames())("knows %s by its units alone; the rest is filled in", async (media_relay) => {
    const fleet = fleetOf({ image: { media_relay }, settings: { calls_per_core: 500 } });
    const [host = expect.fail()] = fleet.hosts;
    const { files } = renderHost(fleet, host, () => "");
    const hostEnv = String(files.find(({ path }) => path === "etc/sip-proxy/host.env")?.content);
    const older = hostEnv.replace(/^RELAY_(CONTROLS|PROTOCOL|SESSIONS_PER_CALL)=.*\n/gm, "");
    expect(older).not.toBe(hostEnv);
    expect(await relayOfHost(media_relay, older)).toBe(formerly[media_relay]);
    expect(await relayOfHost(`${media_relay} now`, hostEnv)).toMatch(/^(rtpproxy|ng)\nudp:.*\n[12]$/);
  });

  async function relayOfHost(name: string, hostEnv: string): Promise<string> {
    const root = join(folder, name);
    await writeFiles(root, [{ path: "etc/sip-proxy/host.env", content: hostEnv }]);
    const script = `. "$SIP_PROXY_LIB/common.sh"; load_host
      printf '%s\\n' "$RELAY_PROTOCOL" "$RELAY_CONTROLS" "$RELAY_SESSIONS_PER_CALL"`;
    const env = { SIP_PROXY_ROOT: root, SIP_PROXY_LIB: lib };
    return (await run({ argv: ["bash", "-euo", "pipefail", "-c", script], env })).stdout;
  }
});
