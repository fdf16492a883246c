import { performance } from "node:perf_hooks";

/** A task that is due at regular intervals. */
export interface Ticking {
  /** Milliseconds of `performance.now()` at which it is due next. */
  due: number;
  /** Milliseconds between two times. */
  interval: number;
  tick(): void;
}

/** The timer's step in milliseconds. Streams start at different times, so each step sends about a quarter of the packets of 20 ms. */
const STEP_MS = 5;
/** Milliseconds. After a longer delay, missed packets are skipped, because real senders do not send bursts. */
const CATCH_UP_MS = 200;

/** One timer for all streams of a process: hundreds of timers of 20 ms each would cost more than the sending. */
export class MediaClock {
  #all = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;
  /** Skipped intervals because the process was busy. */
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
