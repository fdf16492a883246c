import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { newBranch, newCallId, newTag } from "../sip/identifiers.js";
import { noLookup } from "../sip/udp.js";
import type { Hop } from "../sip/uri.js";
import type { PlatformEvent, RawJob } from "./protocol.js";

/** A socket or connection for raw bytes. */
interface Pipe {
  address: string;
  port: number;
  write(bytes: Buffer): void;
  closed(): boolean;
  onClosed(act: () => void): void;
  close(): void;
}

/** Sends bytes unchanged and reports all answers. The wait also ends when the other end closes the connection. */
export async function runRaw(job: RawJob, emit: (event: PlatformEvent) => void): Promise<void> {
  let replies = 0;
  const enough = new AbortController();
  const onReply = (bytes: Buffer, from: string) => {
    const text = bytes.toString("latin1");
    if (++replies === job.replies || (job.until !== undefined && text.startsWith(job.until))) enough.abort();
    emit({ event: "reply", from, text, base64: bytes.toString("base64") });
  };
  const pipe = await open(job, onReply);
  pipe.onClosed(() => enough.abort());
  const messages = job.count ?? 1;
  for (let n = 0; n < messages && !pipe.closed(); n++) {
    if (n > 0) await sleep(1000 / (job.rate ?? 10));
    pipe.write(bytesOf(job, n, pipe));
  }
  await sleep(job.waitMs ?? 1000, undefined, enough).catch(() => undefined);
  emit({ event: "sent", messages, replies, closed: pipe.closed() });
  pipe.close();
}

/** The bytes of the n-th message of a payload, sent from this address and port. */
export function bytesOf(
  { payload }: Pick<RawJob, "payload">,
  n: number,
  { address, port }: { address: string; port: number },
): Buffer {
  if ("base64" in payload) return Buffer.from(payload.base64, "base64");
  const fresh: Record<string, () => string> = {
    branch: newBranch,
    tag: newTag,
    callId: () => newCallId(address),
    n: () => String(n),
    address: () => address,
    port: () => String(port),
  };
  return Buffer.from(payload.text.replace(/\{(\w+)\}/g, (all, name: string) => fresh[name]?.() ?? all));
}

function open(job: RawJob, onReply: (bytes: Buffer, from: string) => void): Promise<Pipe> {
  return job.target.transport === "udp" ? openUdp(job, onReply) : openStream(job, job.target, onReply);
}

async function openUdp(job: RawJob, onReply: (bytes: Buffer, from: string) => void): Promise<Pipe> {
  const socket = createSocket({ type: "udp4", lookup: noLookup });
  socket.on("message", (bytes, from) => onReply(bytes, `udp:${from.address}:${from.port}`));
  socket.on("error", () => undefined);
  const listening = once(socket, "listening"); // with noLookup it may happen within bind()
  socket.bind(job.sipPort ?? 0, job.localAddress);
  await listening;
  return {
    address: job.localAddress,
    port: socket.address().port,
    write: (bytes) => socket.send(bytes, job.target.port, job.target.address),
    closed: () => false,
    onClosed: () => undefined,
    close: () => socket.close(),
  };
}

async function openStream(
  job: RawJob,
  target: Hop,
  onReply: (bytes: Buffer, from: string) => void,
): Promise<Pipe> {
  const to = { host: target.address, port: target.port, localAddress: job.localAddress };
  const tls = target.transport === "tls";
  const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
  await once(socket, tls ? "secureConnect" : "connect", { signal: AbortSignal.timeout(4000) });
  socket.on("data", (bytes: Buffer) =>
    onReply(bytes, `${target.transport}:${target.address}:${target.port}`),
  );
  socket.on("error", () => undefined);
  return {
    address: job.localAddress,
    port: socket.localPort ?? 0,
    write: (bytes) => void socket.write(bytes),
    closed: () => socket.destroyed || socket.readableEnded,
    onClosed: (act) => void socket.once("close", act),
    close: () => socket.destroy(),
  };
}
