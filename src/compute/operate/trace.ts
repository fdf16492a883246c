import { shellQuote } from "../quote/shell.js";

/** The calls that a host must trace, and for how long, in the form of templates/operate/trace/trace.py. */
export interface TraceChoice {
  /** Call-IDs; instead of platforms and recorders. */
  ids: readonly string[];
  /** Addresses. */
  platforms: readonly string[];
  /** URIs of the dispatcher table. */
  recorders: readonly string[];
  /** Limits: calls, seconds, bytes. */
  calls: number;
  seconds: number;
  bytes: number;
  /** Also the payload of RTP. */
  payload: boolean;
}

/** Messages of the script while it runs. */
export type TraceEvent =
  | { event: "listening" }
  | { event: "call"; call_id: string; up: boolean }
  | { event: "note"; call_id: string; note: string }
  | ({ event: "done" } & TraceEnd);

export interface TraceEnd {
  why: "calls" | "time" | "size" | "stopped";
  calls: { call_id: string; packets: number; ended: boolean }[];
  packets: number;
  bytes: number;
  /** Packets that the kernel dropped because its buffer was full. */
  dropped: number;
}

/** The modules of the program in templates/operate/trace. Each may import earlier ones. */
export const traceParts = ["packet_filter", "sip_messages", "host_calls", "chosen_calls", "trace"] as const;

/** The script that writes blocks of a pcapng file to its output. It writes nothing to the host's disk. */
export function traceScript(part: (name: string) => string, choice: TraceChoice): string {
  const modules = traceParts.map((name) => `    (${JSON.stringify(name)}, ${JSON.stringify(part(name))}),`);
  return `set -euo pipefail
. "\${SIP_PROXY_LIB:-/usr/lib/sip-proxy}/common.sh" >&2
load_host >&2
export RELAY_PROTOCOL="\${RELAY_PROTOCOL:-}" RELAY_CONTROLS="\${RELAY_CONTROLS:-}" SIP_PROXY_LIB="$lib"
export TRACE=${shellQuote(JSON.stringify(choice))}
exec /usr/bin/python3 -IB /dev/fd/3 3<<'END OF TRACE'
import sys, types
for name, text in [
${modules.join("\n")}
]:
    sys.modules[name] = module = types.ModuleType(name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
END OF TRACE
`;
}

/** Reads a line of the script's standard error; undefined for lines of other programs. */
export function readTraceEvent(line: string): TraceEvent | undefined {
  if (!line.startsWith('{"event": ')) return undefined;
  return JSON.parse(line) as TraceEvent;
}
