import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Kamailio's script that reads SDP. */
const script = fileURLToPath(
  new URL("../../templates/rootfs/etc/kamailio/sip-proxy/body.lua", import.meta.url),
);
const worker = fileURLToPath(new URL("read-bodies.lua", import.meta.url));

/** A message of a platform; `byRecorder`: of a recorder. `relayed`: what the relay makes of the body. */
export interface Message {
  type: string;
  body: string;
  source: string;
  encoding?: string;
  byRecorder?: boolean;
  relayed?: string;
}

export interface Reading {
  /** The script's variables; empty if it has not set them. */
  sdp: string;
  streams: string;
  shown: string;
  hidden: string;
  /** Body and type for the relay. */
  forRelay: { body: string; type: string };
  /** Body and type that are sent. */
  sent: { body: string; type: string };
}

interface Choices {
  /** Kamailio of Debian 12 has 5.1. */
  lua?: "lua5.1" | "lua5.4";
  /** Functions of the script that return nothing. */
  without?: readonly string[];
}

/** Reads messages with Kamailio's script. */
export function readBodies(
  messages: readonly Message[],
  { lua = "lua5.1", without = [] }: Choices = {},
): Reading[] {
  const input = messages.flatMap(({ type, body, source, encoding = "", byRecorder, relayed = "" }) =>
    [type, body, encoding, source, byRecorder ? "1" : "0", relayed].map((text) => {
      const bytes = Buffer.from(text);
      return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
    }),
  );
  const { stdout, stderr, status } = spawnSync(lua, [worker, script, "do return nil end", ...without], {
    input: Buffer.concat(input),
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${lua}: ${stderr.toString()}`);
  const fields = fieldsIn(stdout);
  return messages.map(() => {
    const [sdp, streams, shown, hidden, forBody, forType, body, type] = Array.from({ length: 8 }, () => {
      const { done, value } = fields.next();
      if (done) throw new Error("there are too few results");
      return value;
    }) as [string, string, string, string, string, string, string, string];
    return {
      ...{ sdp, streams, shown, hidden },
      forRelay: { body: forBody, type: forType },
      sent: { body, type },
    };
  });
}

function* fieldsIn(output: Buffer): Generator<string, undefined> {
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf("\n", at);
    const end = lineEnd + 1 + Number(output.subarray(at, lineEnd).toString());
    yield output.subarray(lineEnd + 1, end).toString();
    at = end;
  }
  return undefined;
}
