/** What the sender is told: its streams' targets, one after the other; then lines `{ send: true }`, and `{ send: false }`. */
export interface SenderOptions {
  address: string;
  firstPort: number;
  targets: { address: string; port: number }[];
}

/** `sent`: packets so far; `missed`: those for which the sender was late, and which it left out. */
export type SenderEvent =
  { event: "ready" } | { event: "done" | "failed"; id: number; sent: number; missed: number };

/** What the caller is told: how the relay's processes are asked, and the streams that it is to relay, two a call. */
export interface CallerOptions {
  protocol: string;
  controls: string[];
  calls: number;
}

/** The relay's ports, of each stream in order, that the platform is to send to. */
export interface CallerEvent {
  event: "set-up";
  ports: number[];
}
