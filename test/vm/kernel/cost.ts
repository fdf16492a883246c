import { median } from "../../support/median.js";
import type { KernelLab } from "./lab.js";

type Way = "idle" | "straight" | "kernel" | "user";

/** Counts of in-guest.py for one way of the packets. `busy`: CPU seconds of the whole guest. */
interface Row {
  way: Way;
  sent: number;
  arrived: number;
  /** CPU seconds of the relay's process. */
  process: number;
  /** Packets forwarded by the process and by the kernel. */
  user: number;
  kernel: number;
  busy: number;
}

/** Sends packets each way, one after the other, `rounds` times. */
export async function cost(lab: KernelLab, rounds: number) {
  const [began, ended]: [Promise<number>[], number[]] = [[], []];
  const told = { calls: 10, seconds: 10, rounds };
  const rows = await lab.program<Omit<Row, "busy">[]>("cost", told, (line) => {
    if (line === "begin") began.push(lab.inGuest("touch /run/cost-go").then(() => lab.cpuSeconds()));
    if (line === "end") ended.push(lab.cpuSeconds());
  });
  const from = await Promise.all(began);
  return comparison(
    rows.map((row, index) => ({ ...row, busy: (ended[index] ?? NaN) - (from[index] ?? NaN) })),
  );
}

/**
 * Medians of the cost per packet, without the cost of the idle guest; and the ratio of kernel to user space: for the guest, without the
 * cost of packets that are sent straight, and for the relay's process.
 */
function comparison(rows: Row[]) {
  const of = (way: Way) => rows.filter((row) => row.way === way);
  const idle = median(of("idle").map(({ busy }) => busy));
  const packet = (way: Way) => median(of(way).map(({ busy, sent }) => (busy - idle) / sent));
  const more = (way: Way) => packet(way) - packet("straight");
  const relays = (way: Way) => median(of(way).map(({ process, sent }) => process / sent));
  const guest = more("kernel") / more("user");
  const process = relays("kernel") / relays("user");
  const us = (seconds: number) => `${(seconds * 1e6).toFixed(0)} us`;
  const text = [
    ...rows.map((row) => JSON.stringify(row)),
    `CPU per packet: straight ${us(packet("straight"))}; more than that: kernel ${us(more("kernel"))}, user space ${us(more("user"))}: ${guest.toFixed(2)} x`,
    `of the relay's process: kernel ${us(relays("kernel"))}, user space ${us(relays("user"))}: ${process.toFixed(3)} x`,
  ].join("\n");
  return { rows, guest, process, text };
}
