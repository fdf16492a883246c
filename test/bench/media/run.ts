import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { Program } from "../../../src/lab/agents/child.js";
import type { RelayName } from "../../../src/relay/registry.js";
import { eventually } from "../../support/eventually.js";
import { now, spent } from "./busy.js";
import { addresses, portOf, ports, Row, type At } from "./network.js";
import type { CallerEvent, CallerOptions, SenderEvent, SenderOptions } from "./protocol.js";
import { RunningRelay } from "./relay.js";

/** The relay to measure. */
export interface Subject {
  title: string;
  at: At;
  relay?: { name: RelayName; instances: number };
}

export interface Run {
  /** CPU seconds per sent packet. */
  busy: number;
  processes: number;
  /** Busy share of the machine's processors. */
  share: number;
  sent: number;
  /** Share of sent packets that did not arrive. */
  lost: number;
  /** Share of due packets that were not sent: the sender's own limit. */
  missed: number;
}

const program = (name: string) =>
  ["../../support/run-ts.mjs", `${name}.ts`].map((file) => join(import.meta.dirname, file));

/** Seconds before the measurement: new sockets need some time, and relays learn the senders' addresses. */
const WARM = 2;

/** Sends the packets of a number of calls through the subject for a number of seconds. */
export async function through(
  { at, relay }: Subject,
  calls: number,
  seconds: number,
  folder: string,
): Promise<Run> {
  const row = new Row();
  let running: RunningRelay | undefined;
  let sender: Program<SenderEvent> | undefined;
  try {
    await row.up(at);
    if (relay)
      running = await RunningRelay.start(relay.name, relay.instances, row.namespace("relay"), folder);
    sender = await senderFor(row, running, calls);
    return await measured(row, at, sender, running?.pids ?? [], seconds);
  } finally {
    await sender?.stop();
    await running?.stop();
    await row.down();
  }
}

/** Sets up a number of calls; resolves with a program that sends their packets on command. */
export async function senderFor(
  row: Row,
  relay: RunningRelay | undefined,
  calls: number,
): Promise<Program<SenderEvent>> {
  const targets = (await portsFor(row, relay, calls)).map((port) => ({ address: addresses.relay, port }));
  const streams: SenderOptions = { address: addresses.platform, firstPort: ports.platform, targets };
  const sender = new Program<SenderEvent>("sender", row.namespace("platform"), streams, program("sender"));
  await sender.waitFor(({ event }) => event === "ready");
  return sender;
}

async function portsFor(row: Row, relay: RunningRelay | undefined, calls: number): Promise<number[]> {
  if (!relay) return Array.from({ length: 2 * calls }, (_, stream) => portOf(ports.relay[0], stream));
  const { protocol, controls } = relay;
  const options: CallerOptions = { protocol, controls, calls };
  // retried, because the relay may not listen yet
  return eventually(async () => {
    const caller = new Program<CallerEvent>("caller", row.namespace("relay"), options, program("caller"));
    try {
      return (await caller.waitFor(({ event }) => event === "set-up")).ports;
    } finally {
      await caller.stop();
    }
  });
}

/** Gives the sender a command; returns its counts after the command. */
export async function tell(sender: Program<SenderEvent>, command: { send?: boolean }) {
  const event = await sender.ask(command);
  if (event.event !== "done") throw sender.fault(`says ${event.event}`);
  return event;
}

async function measured(
  row: Row,
  at: At,
  sender: Program<SenderEvent>,
  pids: number[],
  seconds: number,
): Promise<Run> {
  await tell(sender, { send: true });
  await sleep(WARM * 1000);
  const [before, from] = [await tell(sender, {}), now(pids)];
  await sleep(seconds * 1000);
  const [to, after] = [now(pids), await tell(sender, {})];
  const { sent: all, missed } = await tell(sender, { send: false });
  await sleep(500);
  const sent = after.sent - before.sent;
  const { busy, processes, share } = spent(from, to);
  const lost = Math.max(0, all - (await row.arrived(at))) / all;
  return {
    busy: busy / sent,
    processes: processes / sent,
    share,
    sent,
    lost,
    missed: missed / (all + missed),
  };
}
