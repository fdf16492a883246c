import type { CallResult, CallsSummary } from "./protocol.js";

/** Adds finished calls up. */
export class Totals {
  #outcomes: CallsSummary["outcomes"] = { ok: 0, broken: 0, rejected: 0, timeout: 0, transport: 0 };
  #byStatus: Record<string, number> = {};
  #answeredBy: Record<string, number> = {};
  #errors: Record<string, number> = {};
  #setUp: number[] = [];
  rtpPackets = 0;
  ended = 0;

  add(result: CallResult): void {
    this.ended++;
    this.#outcomes[result.outcome]++;
    count(this.#byStatus, String(result.finalStatus));
    if (result.finalStatus >= 200 && result.finalStatus < 300) {
      count(this.#answeredBy, result.answeredBy);
      this.#setUp.push(result.setUpMs);
    }
    for (const error of result.errors) count(this.#errors, error);
    for (const stream of result.rtp) this.rtpPackets += stream.packets;
  }

  summary(
    rest: Pick<
      CallsSummary,
      "placed" | "rtpMissed" | "lateMs" | "mostUp" | "seconds" | "placedPerSecond" | "retransmissions"
    >,
  ): CallsSummary {
    return {
      ...rest,
      outcomes: this.#outcomes,
      byStatus: this.#byStatus,
      answeredBy: this.#answeredBy,
      errors: this.#errors,
      setUpMs: quantiles(this.#setUp),
      rtpPackets: this.rtpPackets,
    };
  }
}

export function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Quantiles by the nearest rank; zeros without values. */
export function quantiles(values: number[]): CallsSummary["setUpMs"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { min: at(0), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
