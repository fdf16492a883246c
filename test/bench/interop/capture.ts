import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, start } from "../../../src/do/process.js";
import { pause, type CallLab } from "../../support/call-lab.js";
import { until } from "../until.js";

/** tshark's results for a capture on both sides of a proxy. */
export interface Reading {
  sip: number;
  malformed: number;
  /** One entry for each stream, direction and side of the proxy. */
  streams: { packets: number; lost: number }[];
}

/** Captures the proxy's UDP packets while `act` runs; returns the result of `read` for the file. */
export async function captured<T>(
  lab: CallLab,
  act: () => Promise<void>,
  read: (file: string) => Promise<T>,
): Promise<T> {
  const file = join(tmpdir(), `${lab.network.prefix}.pcapng`);
  try {
    await capture(lab, file, act);
    return await read(file);
  } finally {
    await rm(file, { force: true });
  }
}

export async function readByTshark(file: string): Promise<Reading> {
  const streams = (await tshark(file, "-q", "-z", "rtp,streams")).split("\n").flatMap(streamIn);
  const count = async (filter: string) =>
    (await tshark(file, "-Y", filter)).split("\n").filter(Boolean).length;
  return { sip: await count("sip"), malformed: await count("_ws.malformed"), streams };
}

/** The number of calls that sngrep finds. Both sides of a call have one Call-ID, so they count as one. */
export async function readBySngrep(file: string): Promise<number> {
  const argv = ["sngrep", "--no-interface", "--calls", "--input", file] as const;
  const { stdout } = await run({ argv: [...argv], timeout: 60_000, env: { TERM: "dumb" } });
  return Number(/Dialog count: (\d+)\D*$/.exec(stdout)?.[1]);
}

async function capture(lab: CallLab, file: string, act: () => Promise<void>): Promise<void> {
  const [program, ...words] = lab.network.inNamespace("sipproxy0", [
    ...["dumpcap", "-q", "-i", "any", "-w", file, "-f", "udp"],
  ]);
  const dumpcap = start({ argv: [program, ...words] }, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  dumpcap.stderr?.on("data", (text) => (said += String(text)));
  const ended = new Promise((resolve) => dumpcap.once("exit", resolve));
  try {
    await until(() => said.includes("File:") || dumpcap.exitCode !== null);
    if (dumpcap.exitCode !== null) throw new Error(`dumpcap: ${said}`);
    await act();
    // time for packets that the kernel still buffers
    await pause(1500);
  } finally {
    dumpcap.kill("SIGINT");
    await ended;
  }
}

async function tshark(file: string, ...words: string[]): Promise<string> {
  return (await run({ argv: ["tshark", "-n", "-r", file, ...words], timeout: 120_000 })).stdout;
}

/** Parses lines of `-z rtp,streams`: …, SSRC, payload, packets, lost (with its share). */
function streamIn(line: string): Reading["streams"] {
  const found = /0x[0-9A-F]{8}\s+.*?\s(\d+)\s+(-?\d+) \(/i.exec(line);
  return found ? [{ packets: Number(found[1]), lost: Number(found[2]) }] : [];
}
