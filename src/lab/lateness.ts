import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds between two looks. */
const STEP_MS = 10;

/** Measures how long the machine delays this process. With delays longer than a jitter buffer, media are not sent or received in real time. */
export class Lateness {
  #delays = monitorEventLoopDelay({ resolution: STEP_MS });

  constructor() {
    this.#delays.enable();
  }

  /** The longest delay since the start, or since `forget`, in milliseconds. */
  get ms(): number {
    return Math.max(0, Math.round(this.#delays.max / 1e6) - STEP_MS);
  }

  forget(): void {
    this.#delays.reset();
  }
}
