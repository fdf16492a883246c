import { median } from "../../support/median.js";
import { hostPrograms } from "../../bench/media/relay.js";
import { rtpproxyFiles } from "../../support/proxy/rtpproxy.js";
import type { KernelLab } from "./lab.js";

type Way = "idle" | "straight" | "kernel" | "user" | "rtpproxy";

/** Counts of in-guest.py for one way of the packets. `busy`: CPU seconds of the whole guest. */
export interface Row {
  way: Way;
  sent: number;
  arrived: number;
  /** CPU seconds of the process of the relay in question. */
  process: number;
  /** Packets forwarded by the process and by the kernel. */
  user: number;
  kernel: number;
  busy: number;
}

/** RTPProxy with a host's arguments, on ports at the end of the host's RTP range; null without its source (RTPPROXY_SOURCE). */
async function rtpproxyFor(lab: KernelLab) {
  const [file] = (await rtpproxyFiles()) ?? [];
  if (!file) return null;
  const program = await lab.install("rtpproxy", Buffer.from(file.content));
  const settings = { rtp_start: 29_000, expected_calls: 100, calls_per_core: 100 };
  const [instance] = hostPrograms("rtpproxy", settings, { program, address: "10.0.0.1" });
  if (!instance) throw new Error("no instance");
  const [, address, port] = instance.control.split(":");
  return { control: [address, Number(port)], argv: instance.argv };
}

/** Sends packets each way, one after the other, `rounds` times. */
export async function cost(lab: KernelLab, rounds: number): Promise<Row[]> {
  const [began, ended]: [Promise<number>[], number[]] = [[], []];
  const told = { calls: 35, seconds: 20, rounds, rtpproxy: await rtpproxyFor(lab) };
  const rows = await lab.program<Omit<Row, "busy">[]>("cost", told, (line) => {
    if (line === "begin") began.push(lab.inGuest("touch /run/cost-go").then(() => lab.cpuSeconds()));
    if (line === "end") ended.push(lab.cpuSeconds());
  });
  const from = await Promise.all(began);
  return rows.map((row, index) => ({ ...row, busy: (ended[index] ?? NaN) - (from[index] ?? NaN) }));
}

/**
 * The cost per packet, and the ratios of the kernel to user space and to RTPProxy: for the guest, more than for packets that are sent
 * straight, and for the relay's process, more than while no packets come. Medians of the rounds: an emulated guest changes in minutes, so a
 * way is compared with the others of its round.
 */
export function comparison(rows: Row[]) {
  const of = (way: Way) => rows.filter((row) => row.way === way);
  const idle = of("idle");
  const perPacket = ({ busy, sent }: Row, round: number) => (busy - (idle[round]?.busy ?? NaN)) / sent;
  const packet = (way: Way) => median(of(way).map(perPacket));
  const more = (way: Way) => {
    const straight = of("straight").map(perPacket);
    return median(of(way).map((row, round) => perPacket(row, round) - (straight[round] ?? NaN)));
  };
  // RTPProxy's process has no idle row: that one has rtpengine's
  const unused = (way: Way, round: number) => (way === "rtpproxy" ? 0 : (idle[round]?.process ?? NaN));
  const processes = (way: Way) =>
    median(of(way).map(({ process, sent }, round) => (process - unused(way, round)) / sent));
  const us = (seconds: number) => `${(seconds * 1e6).toFixed(1)} us`;
  const others = (["user", "rtpproxy"] as const).filter((way) => of(way).length > 0);
  const ratios = others.map((way) => ({
    way,
    guest: more("kernel") / more(way),
    process: processes("kernel") / processes(way),
  }));
  const text = [
    ...rows.map((row) => JSON.stringify(row)),
    `CPU per packet: straight ${us(packet("straight"))}; more than that: kernel ${us(more("kernel"))}`,
    `of the relay's process: kernel ${us(processes("kernel"))}`,
    ...ratios.map(
      ({ way, guest, process }) =>
        `${way}: ${us(more(way))} more, kernel ${guest.toFixed(3)} x; process ${us(processes(way))}, kernel ${process.toFixed(3)} x`,
    ),
  ].join("\n");
  return { rows, ratios, text };
}
