/** Options of the sender, with the targets of its streams in order. Commands follow as lines: `{ send: true }` and `{ send: false }`. */
export interface SenderOptions {
  address: string;
  firstPort: number;
  targets: { address: string; port: number }[];
}

/** `sent`: packets so far. `missed`: packets that the sender skipped because it was late. */
export type SenderEvent =
  { event: "ready" } | { event: "done" | "failed"; id: number; sent: number; missed: number };

/** Options of the caller: the control addresses of the relay's processes, and the number of calls, each with two streams. */
export interface CallerOptions {
  protocol: string;
  controls: string[];
  calls: number;
}

/** The relay's ports for the platform, for all streams in order. */
export interface CallerEvent {
  event: "set-up";
  ports: number[];
}
