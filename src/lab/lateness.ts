import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds between two looks. */
const STEP_MS = 10;

/** How late the machine serves this process: what waits longer than a jitter buffer holds was not sent, or heard, in real time. */
export class Lateness {
  #delays = monitorEventLoopDelay({ resolution: STEP_MS });

  constructor() {
    this.#delays.enable();
  }

  /** The longest that it was held up since the start, or since `forget`, in milliseconds. */
  get ms(): number {
    return Math.max(0, Math.round(this.#delays.max / 1e6) - STEP_MS);
  }

  forget(): void {
    this.#delays.reset();
  }
}
