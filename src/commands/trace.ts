import ipaddr from "ipaddr.js";
import { count, printJson, talk } from "../cli/talk.js";
import { PacketBlocks, pcapngHeader } from "../compute/operate/pcapng.js";
import {
  readTraceEvent,
  traceScript,
  type TraceChoice,
  type TraceEnd,
  type TraceEvent,
} from "../compute/operate/trace.js";
import { readAsset } from "../do/assets.js";
import { stream } from "../do/reach/stream.js";
import { TraceFile } from "../do/trace-file.js";
import { UsageError, UserError } from "../errors.js";
import type { Reached } from "../targets/reach.js";
import { destination } from "../understand/destination.js";
import type { Fleet } from "../understand/fleet.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import { failUnlessAll, onEach, reachNamed, type ReachOptions } from "./reach.js";
import { wholeNumber } from "./whole-number.js";

export interface TraceOptions extends ReachOptions {
  callId?: string[];
  platform?: string[];
  recorder?: string[];
  calls: string;
  seconds: string;
  megabytes: string;
  payload?: boolean;
  out?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** The result of a host. */
type Traced = TraceEnd & { notes: string[] };

/** `sip-proxy trace FLEET [NAME…]`: writes the packets of chosen calls, of both sides, to a file. */
export async function trace(file: string, names: string[], options: TraceOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const choice = choiceOf(fleet, options);
  const path = options.out ?? `trace-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.pcapng`;
  if (options.dryRun) return tellPlan(fleet, names, path, choice, options);
  const hosts = await reachNamed(fleet, names, options);
  const { found, isThere } = await traceInto(path, hosts, choice);
  if (options.json) printJson({ file: isThere ? path : null, hosts: Object.fromEntries(found) });
  else tellEnd(found);
  if (isThere && !options.json) talk.good(path);
  failUnlessAll(found, hosts);
}

/** The calls to trace, from the options. Throws UsageError. */
function choiceOf(fleet: Fleet, options: TraceOptions): TraceChoice {
  const { callId: ids = [], platform: platforms = [], recorder = [], payload = false } = options;
  if (ids.length > 0 && platforms.length + recorder.length > 0)
    throw new UsageError("--call-id cannot be combined with --platform or --recorder");
  for (const address of platforms)
    if (!ipaddr.IPv4.isValidFourPartDecimal(address))
      throw new UsageError(`--platform must be an IPv4 address; got ${address}`);
  const megabytes = wholeNumber("--megabytes", options.megabytes, 1, 1000);
  return {
    ids,
    platforms,
    recorders: recorder.map((name) => recorderUri(fleet, name)),
    calls: Math.max(ids.length, wholeNumber("--calls", options.calls, 1, 100)),
    seconds: wholeNumber("--seconds", options.seconds, 1, 3600),
    bytes: megabytes * 1_000_000,
    payload,
  };
}

function recorderUri({ recorders }: Fleet, name: string): string {
  const recorder = recorders.find((each) => each.name === name);
  if (recorder) return destination(recorder);
  if (/^sips?:/.test(name)) return name;
  throw new UsageError(
    `the fleet has no recorder ${name}`,
    `one of ${recorders.map((each) => each.name).join(", ")}, or a destination such as sip:10.0.0.3:5060;transport=udp`,
  );
}

function tellPlan(
  fleet: Fleet,
  names: string[],
  file: string,
  choice: TraceChoice,
  { json }: TraceOptions,
): void {
  const hosts = (names.length > 0 ? findHosts(fleet, names) : fleet.hosts).map(({ name }) => name);
  if (json) return printJson({ would: "trace", hosts, file, ...choice });
  const { ids, platforms, recorders, calls, seconds, bytes, payload } = choice;
  const given = [
    ...ids.map((id) => `call ${id}`),
    ...platforms.map((address) => `calls of ${address}`),
    ...recorders.map((uri) => `calls to ${uri}`),
  ];
  talk.say(
    [
      `would trace on ${hosts.join(", ")}, each: ${given.join(", ") || "the next calls"}; at most ${calls}`,
      `SIP, and ${payload ? "RTP with its audio" : "the headers of RTP"}`,
      `at most ${seconds} s and ${bytes / 1_000_000} MB of each host, into ${file}`,
    ].join("\n"),
  );
}

/** Writes packets to the file until the trace ends; Ctrl-C ends it early, and what was captured stays. */
async function traceInto(
  path: string,
  hosts: readonly Reached[],
  choice: TraceChoice,
): Promise<{ found: Map<string, Traced>; isThere: boolean }> {
  const script = traceScript((name) => readAsset(`templates/operate/trace/${name}.py`), choice);
  const file = new TraceFile(path, pcapngHeader(hosts.map(({ name }) => name)));
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  let found = new Map<string, Traced>();
  let isThere = false;
  try {
    found = await onEach(hosts, (host) => traceOn(host, hosts.indexOf(host), script, file, stop.signal));
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
    isThere = file.close(found.size > 0);
  }
  return { found, isThere };
}

async function traceOn(
  { name, stream: way }: Reached,
  number: number,
  script: string,
  file: TraceFile,
  signal: AbortSignal,
): Promise<Traced> {
  const argv = await way();
  if ("why" in argv) throw new UserError(argv.why);
  const blocks = new PacketBlocks(number);
  const notes: string[] = [];
  let end: TraceEnd | undefined;
  let why = "";
  let calls = 0;
  const take = (event: TraceEvent) => {
    if (event.event === "listening") talk.note(`${name}: waiting for packets; Ctrl-C ends the trace`);
    else if (event.event === "call")
      talk.say(`${name}: call ${++calls}: ${event.call_id}${event.up ? " (up already)" : ""}`);
    else if (event.event === "note") notes.push(`call ${event.call_id}: ${event.note}`);
    else end = event;
  };
  const exitCode = await stream({
    argv,
    script,
    onData: (piece) => {
      try {
        file.add(blocks.take(piece));
      } catch (error) {
        throw error instanceof RangeError ? new UserError(`does not answer: ${error.message}`) : error;
      }
    },
    onLine: (line) => {
      const event = readTraceEvent(line);
      if (event) take(event);
      else why = line;
    },
    signal,
  });
  if (end === undefined) throw new UserError(`does not answer: ${why || `exit ${exitCode}`}`);
  const { why: reason, calls: traced, packets, bytes, dropped } = end;
  return { why: reason, calls: traced, packets, bytes, dropped, notes };
}

const reasons = {
  calls: "all calls have ended",
  time: "the time limit is reached",
  size: "the size limit is reached",
  stopped: "interrupted",
} as const;

function tellEnd(found: ReadonlyMap<string, Traced>): void {
  for (const [host, { why, calls, packets, dropped, notes }] of found) {
    talk.say(`${host}: ${count(calls, "call")}, ${packets} packets; ${reasons[why]}`);
    if (dropped > 0) talk.warn(`${host}: ${dropped} packets are missing, because they arrived too fast`);
    for (const note of notes) talk.warn(`${host}: ${note}`);
  }
}
