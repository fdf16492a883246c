import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { start } from "../../../src/do/process.js";
import { callers, pause, type CallLab } from "../call-lab.js";

const sender = fileURLToPath(new URL("send.mjs", import.meta.url));

/** Sends datagrams from the trusted platform's port; returns their number. */
export async function shoot(lab: CallLab, messages: Iterable<Buffer>, rate: number): Promise<number> {
  const { address, port } = lab.target();
  const job = [callers.platform.address, address, String(port), String(rate)];
  const child = start(
    { argv: lab.network.inNamespace("platform", [process.execPath, sender, ...job]) },
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  if (!child.stdin || !child.stdout) throw new Error("the sender has no pipes");
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close");
  await pipeline(Readable.from(framed(messages)), child.stdin);
  await ended;
  return Number(said);
}

/** Frames are written to the pipe in chunks of some hundred. */
function* framed(messages: Iterable<Buffer>): Generator<Buffer> {
  let chunk: Buffer[] = [];
  for (const message of messages) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    chunk.push(length, message);
    if (chunk.length >= 400) {
      yield Buffer.concat(chunk);
      chunk = [];
    }
  }
  yield Buffer.concat(chunk);
}

export interface State {
  /** Kamailio's processes, by id. */
  processes: number[];
  /** Bytes of shared memory in use. */
  shared: number;
  /** Bytes of private memory in use, of all processes. */
  private: number;
}

/** The current state of Kamailio's processes and memory. */
export async function stateOf(lab: CallLab): Promise<State> {
  const proxy = lab.proxy();
  const pids = (await proxy.run("pgrep", "-x", "kamailio")).stdout.split("\n").map(Number);
  const shared = /real_used: (\d+)/.exec(await proxy.kamcmd("core.shmmem"))?.[1];
  const pkg = [...(await proxy.kamcmd("pkg.stats")).matchAll(/real_used: (\d+)/g)].map(([, bytes]) =>
    Number(bytes),
  );
  return { processes: pids, shared: Number(shared), private: pkg.reduce((sum, bytes) => sum + bytes, 0) };
}

/** The same after memory has dropped to at most `most` bytes above its earlier value, or after `wait` milliseconds. */
export async function settled(lab: CallLab, before: State, most: number, wait: number): Promise<State> {
  const deadline = Date.now() + wait;
  for (;;) {
    const now = await stateOf(lab);
    if (now.shared <= before.shared + most || Date.now() > deadline) return now;
    await pause(2000);
  }
}
