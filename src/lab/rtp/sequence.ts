/** How many packets back a late packet can still be distinguished from a duplicate. */
const WINDOW = 512;

/** Counts distinct, lost and repeated packets of one SSRC by their 16-bit sequence numbers (RFC 3550, A.1 and A.3). */
export class SequenceCount {
  #first = 0;
  #highest = -1;
  #seen = new Int32Array(WINDOW).fill(-1);
  distinct = 0;
  duplicates = 0;

  add(sequence: number): void {
    // starts one cycle higher, so that an earlier number that arrives late stays positive
    if (this.distinct === 0) this.#first = this.#highest = sequence + 0x10000;
    const step = ((sequence - this.#highest) << 16) >> 16; // the shorter distance around the cycle
    const extended = this.#highest + step;
    const slot = extended % WINDOW;
    if (this.#seen[slot] === extended) {
      this.duplicates++;
      return;
    }
    this.#seen[slot] = extended;
    this.distinct++;
    this.#highest = Math.max(this.#highest, extended);
    this.#first = Math.min(this.#first, extended);
  }

  get lost(): number {
    return this.distinct === 0 ? 0 : this.#highest - this.#first + 1 - this.distinct;
  }
}
