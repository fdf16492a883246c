/** Timers of RFC 3261, table 4, in milliseconds. */
export interface Timers {
  /** Estimated round trip: the first retransmission over UDP comes after it, each next one after twice the time. */
  t1: number;
  /** The longest time between retransmissions of all but an INVITE. */
  t2: number;
  /** Timers B, F and H: how long a transaction waits for its answer (or a final answer for its ACK). */
  giveUp: number;
  /** Timers D, J, L and M: how long a finished transaction stays, to absorb retransmissions. */
  linger: number;
}

export const USUAL_TIMERS: Timers = { t1: 500, t2: 4000, giveUp: 32_000, linger: 32_000 };

/** Calls `act` after t1, 2*t1, 4*t1, … (never more than `most` apart) until stopped. */
export class Retransmission {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly act: () => void,
    private interval: number,
    private readonly most: number,
  ) {
    this.#arm();
  }

  /** From now on at this fixed interval (RFC 3261, 17.1.2.2: after a provisional answer). */
  slowTo(interval: number): void {
    this.stop();
    this.interval = interval;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.interval = Math.min(this.interval * 2, this.most);
      this.#arm();
      this.act();
    }, this.interval);
  }
}
