/** `run-ts.mjs caller.ts`: sets up calls on a relay through its control protocol, like Kamailio (see protocol.ts). */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readJsonLines, writeJsonLine } from "../../../src/lab/json-lines.js";
import { PCMU, writeSdp, type Direction } from "../../../src/lab/sdp.js";
import { addresses, portOf, ports } from "./network.js";
import type { CallerOptions } from "./protocol.js";

type Ask = (text: string) => Promise<string>;

/** Sends a command with a cookie to a process of the relay; returns the answer. */
function asking(control: string): Ask {
  const [, host = "", port = ""] = control.split(":");
  const socket = createSocket("udp4");
  let cookie = 0;
  return async (text) => {
    socket.send(`${++cookie} ${text}`, Number(port), host);
    const [answer] = (await once(socket, "message", { signal: AbortSignal.timeout(10_000) })) as [Buffer];
    return answer.toString().slice(`${cookie} `.length);
  };
}

/** Sets up a call; returns the two ports of the relay to which the platform sends the call's streams. */
type SetUp = (ask: Ask, call: number) => Promise<number[]>;

const streamsOf = (call: number) => [2 * call, 2 * call + 1];

const rtpproxy: SetUp = async (ask, call) => {
  const there: number[] = [];
  for (const [i, stream] of streamsOf(call).entries()) {
    await ask(`U c${call} ${addresses.platform} ${portOf(ports.platform, stream)} a;${i + 1}`);
    const to = `${addresses.recorder} ${portOf(ports.recorder, stream)}`;
    there.push(parseInt(await ask(`LA c${call} ${to} a;${i + 1} b;${i + 1}`)));
  }
  return there;
};

const ng: SetUp = async (ask, call) => {
  const common = {
    "call-id": `c${call}`,
    "from-tag": "a",
    replace: ["origin", "session-connection"],
    ICE: "remove",
  };
  const sdp = (address: string, first: number, direction: Direction) =>
    writeSdp({
      ...{ address, sessionId: call, version: 1 },
      streams: streamsOf(call).map((stream) => ({
        address,
        port: portOf(first, stream),
        direction,
        codecs: [PCMU],
      })),
    });
  await ask(
    bencoded({
      ...{ ...common, command: "offer", direction: ["pub", "priv"] },
      sdp: sdp(addresses.platform, ports.platform, "sendonly"),
    }),
  );
  const answer = await ask(
    bencoded({
      ...{ ...common, command: "answer", "to-tag": "b", direction: ["priv", "pub"] },
      ...{ flags: ["strict source", "asymmetric"], sdp: sdp(addresses.recorder, ports.recorder, "recvonly") },
    }),
  );
  return [...answer.matchAll(/m=audio (\d+)/g)].map(([, port]) => Number(port));
};

type Value = string | Value[] | { [key: string]: Value };

function bencoded(value: Value): string {
  if (typeof value === "string") return `${Buffer.byteLength(value)}:${value}`;
  if (Array.isArray(value)) return `l${value.map(bencoded).join("")}e`;
  const keys = Object.keys(value).sort();
  return `d${keys.map((key) => bencoded(key) + bencoded(value[key] ?? "")).join("")}e`;
}

async function setUp({ protocol, controls, calls }: CallerOptions): Promise<number[]> {
  const processes = controls.map(asking);
  const one = protocol === "ng" ? ng : rtpproxy;
  const all: number[] = [];
  for (let call = 0; call < calls; call++) {
    const ask = processes[call % processes.length];
    if (ask) all.push(...(await one(ask, call)));
  }
  if (all.length !== 2 * calls || !all.every((port) => port > 0))
    throw new Error("the relay refuses a stream");
  return all;
}

void readJsonLines(
  process.stdin,
  (line) =>
    void setUp(line as CallerOptions).then((there) => writeJsonLine({ event: "set-up", ports: there })),
  () => undefined,
).then(() => process.exit());
