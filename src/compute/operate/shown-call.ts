import type { Call, CallStream } from "./call.js";

/** A call's row in the table: parties, recorder, age, packets and loss of each stream. */
export function callRow(host: string, call: Call, names: ReadonlyMap<string, string>): string[] {
  const { call_id, state, source, recorder, age_s, streams } = call;
  return [
    host,
    call_id,
    state,
    age_s === null ? "-" : ageText(age_s),
    source ?? "-",
    recorder === null ? "-" : (names.get(recorder) ?? recorder),
    streams.map(streamText).join("; ") || "-",
  ];
}

export const callHeadings = ["host", "call", "state", "age", "source", "recorder", "streams"] as const;

function ageText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Received and forwarded packets of a stream, with loss and jitter if the relay has them. */
function streamText({ stream, packets, relayed, lost, jitter_ms }: CallStream): string {
  const details = [
    ...(relayed === null ? [] : [`${relayed} relayed`]),
    ...(lost === null ? [] : [`${lost} lost`]),
    ...(jitter_ms === null ? [] : [`jitter ${Math.round(jitter_ms)} ms`]),
  ];
  return [`${stream}: ${packets ?? "?"} packets`, ...details].join(", ");
}

/**
 * The calls that have begun or ended between two queries of hosts, and the calls after the second one. A host without a second answer keeps
 * its calls.
 */
export function changes<C extends Pick<Call, "call_id">>(
  before: ReadonlyMap<string, readonly C[]>,
  answers: ReadonlyMap<string, readonly C[]>,
): { began: C[]; ended: C[]; known: Map<string, readonly C[]> } {
  const known = new Map([...before, ...answers]);
  const all = (calls: ReadonlyMap<string, readonly C[]>) => [...calls.values()].flat();
  const without = (calls: C[], others: C[]) =>
    calls.filter(({ call_id }) => !others.some((other) => other.call_id === call_id));
  return {
    began: without(all(known), all(before)),
    ended: without(all(before), all(known)),
    known,
  };
}
