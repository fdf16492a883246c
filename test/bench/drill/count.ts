import type { CallResult, Platform, Recorder } from "../../../src/lab/agents.js";

/** Results of a step's calls. */
export interface Calls {
  placed: number;
  /** Calls without an answer, or with a wrong end. */
  failed: number;
  sent: number;
  missing: number;
  /** The longest delay of the platform or a recorder by the machine, in milliseconds. */
  lateMs: number;
  why: string;
}

/** Waits for the end of all calls, and until no further packet arrives. */
export async function countCalls(platform: Platform, recorders: readonly Recorder[]): Promise<Calls> {
  const { calls, summary } = await platform.finished;
  const sent = summary.rtpPackets;
  let received = -1;
  let lateMs = summary.lateMs;
  for (let before = -2; received < sent && received !== before;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const totals = await Promise.all(recorders.map((one) => one.totals()));
    before = received;
    received = totals.reduce((sum, { rtpPackets }) => sum + rtpPackets, 0);
    lateMs = Math.max(lateMs, ...totals.map((one) => one.lateMs));
  }
  const bad = calls.filter(isBad);
  const why = new Set(
    bad.map(({ outcome, finalStatus, attempts, errors }) => {
      const tries = attempts.map(({ target, status }) => `${target} ${status}`).join(", ");
      return [outcome, finalStatus, `(${tries})`, ...errors].join(" ");
    }),
  );
  const counts = { placed: calls.length, failed: bad.length, sent, missing: sent - received };
  return { ...counts, lateMs: Math.round(lateMs), why: [...why].slice(0, 10).join("; ") };
}

/** Packets to a proxy that is gone count as missing; the call itself continued. */
const isBad = ({ outcome, errors }: CallResult) =>
  errors.some((error) => !/^stream \d: \d+ packets refused$/.test(error)) ||
  (outcome !== "ok" && (outcome !== "broken" || errors.length === 0));

/** Addresses of proxies without a successful call among those with an index of `first` or higher. */
export function idleAfter(
  first: number,
  calls: readonly CallResult[],
  addresses: readonly string[],
): string[] {
  const taking = calls.filter((call) => call.index >= first && !isBad(call));
  const targets = taking.map(({ attempts }) => attempts.at(-1)?.target.split(":")[1]);
  return addresses.filter((address) => !targets.includes(address));
}
