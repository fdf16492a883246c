import { performance } from "node:perf_hooks";

/** Something that is due at regular times. */
export interface Ticking {
  /** Milliseconds of `performance.now()` at which it is due next. */
  due: number;
  /** Milliseconds between two times. */
  interval: number;
  tick(): void;
}

/** The timer's step. Streams start at any time, so that each step has about a quarter of 20 ms' packets to send. */
const STEP_MS = 5;
/** After a longer delay the beat moves on instead of making up for what was missed: real senders do not burst. */
const CATCH_UP_MS = 200;

/** One timer for all streams of a process: hundreds of timers of 20 ms each would cost more than the sending. */
export class MediaClock {
  #all = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;
  /** Times that were missed because the process was busy; they are not made up for. */
  missed = 0;

  add(item: Ticking): void {
    this.#all.add(item);
    this.#timer ??= setInterval(() => this.#beat(), STEP_MS);
  }

  remove(item: Ticking): void {
    this.#all.delete(item);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    const now = performance.now();
    for (const item of this.#all) {
      if (now - item.due > CATCH_UP_MS) {
        const skipped = Math.floor((now - item.due) / item.interval);
        this.missed += skipped;
        item.due += skipped * item.interval;
      }
      while (item.due <= now) {
        item.due += item.interval;
        item.tick();
      }
    }
  }
}
