import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { table } from "../../../src/cli/table.js";
import { print, printJson, talk } from "../../../src/cli/talk.js";
import { hostPaths } from "../../../src/do/local/paths.js";
import { withTemporaryFolder } from "../../../src/do/temporary-folder.js";
import { removeLeftovers } from "../../../src/lab/network/leftovers.js";
import { rtpproxyFiles, rtpproxySkipped } from "../../support/proxy/rtpproxy.js";
import { prepare } from "../../support/set-up.js";
import { now, spent } from "./busy.js";
import { through, type Run, type Subject } from "./run.js";

interface Options {
  calls: string;
  grow: string;
  most: string;
  seconds: string;
  json?: boolean;
}

/** Maximum share of lost packets. */
const LOSS = 0.001;
/** Maximum share of packets that the sender skips; above it, a run would measure the sender's limit. */
const MISSED = 0.01;

const alone: Subject = { title: "no relay", at: "sink" };
const cores = availableParallelism();
const subjects: readonly Subject[] = [
  { title: "nftables NAT", at: "nat" },
  { title: "rtpengine, user space", at: "relay", relay: { name: "rtpengine", instances: 1 } },
  { title: "RTPProxy", at: "relay", relay: { name: "rtpproxy", instances: 1 } },
  { title: `RTPProxy, ${cores} instances`, at: "relay", relay: { name: "rtpproxy", instances: cores } },
];

/** One line of the table. */
interface Line {
  relay: string;
  calls: number;
  packetsPerSecond: number;
  lostPercent: number;
  /** Microseconds of CPU per packet: of the whole machine, minus a run without a relay; and of the relay's processes. */
  cpu: number;
  processes: number;
  /** Busy share of the machine, in percent. */
  busyPercent: number;
  /** Why this row is the subject's last one. */
  ends?: string;
}

/** `npm run bench:media`: CPU time per relayed packet and loss, for an increasing number of calls with two streams of 50 packets/s. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("npm run bench:media --")
    .option("--calls <n>", "calls to begin with", "50")
    .option("--grow <factor>", "how many times as many the next time", "1.4")
    .option("--most <n>", "calls to end with", "1500")
    .option("--seconds <n>", "how long each is measured", "20")
    .option("--json", "print data instead of a table");
  program.action((options: Options) => bench(options));
  await program.parseAsync(argv, { from: "user" });
}

async function bench(options: Options): Promise<void> {
  await prepare("network", "proxies");
  await removeLeftovers();
  const withRtpproxy = (await rtpproxyFiles()) !== undefined;
  if (!withRtpproxy) talk.warn(`no rows of RTPProxy: ${rtpproxySkipped}`);
  talk.note("not measured here: rtpengine in the kernel, which needs a machine with its module");
  await warnWhereBusy();
  const wanted = subjects.filter(({ relay }) => withRtpproxy || relay?.name !== "rtpproxy");
  const lines = await withTemporaryFolder(join(hostPaths().cache, "bench"), async (folder) => {
    const all: Line[] = [];
    const open = new Set(wanted);
    for (let calls = Number(options.calls); open.size > 0 && calls <= Number(options.most);) {
      const seconds = Number(options.seconds);
      const without = await through(alone, calls, seconds, folder);
      for (const subject of open) {
        const line = lineOf(subject, calls, seconds, without, await through(subject, calls, seconds, folder));
        talk.note(`${line.relay}, ${calls} calls: ${cells(line).slice(2).join(", ")}`);
        all.push(line);
        if (line.ends !== undefined) open.delete(subject);
      }
      calls = Math.max(calls + 1, Math.round(calls * Number(options.grow)));
    }
    return all;
  });
  if (options.json) return printJson(lines);
  const head = [
    "relay",
    "calls",
    "packets/s",
    "lost %",
    "CPU us/packet",
    "in its processes",
    "machine busy %",
    "ends",
  ];
  print(table(head, wanted.flatMap(({ title }) => lines.filter(({ relay }) => relay === title)).map(cells)));
}

/** Warns if the machine is busy: CPU time of other programs would be counted as the relay's. */
async function warnWhereBusy(): Promise<void> {
  const from = now([]);
  await sleep(3000);
  const { share } = spent(from, now([]));
  if (share > 0.05)
    talk.warn(
      `the machine is ${Math.round(share * 100)} % busy with something else: CPU of the whole tells nothing`,
    );
}

function lineOf({ title }: Subject, calls: number, seconds: number, without: Run, run: Run): Line {
  const late = run.missed > MISSED || without.missed > MISSED;
  const lossy = run.lost > LOSS;
  return {
    relay: title,
    calls,
    packetsPerSecond: run.sent / seconds,
    lostPercent: run.lost * 100,
    cpu: (run.busy - without.busy) * 1e6,
    processes: run.processes * 1e6,
    busyPercent: run.share * 100,
    ...(late ? { ends: "the machine is too slow to send more" } : lossy ? { ends: "packets are lost" } : {}),
  };
}

function cells(line: Line): string[] {
  const { relay, calls, packetsPerSecond, lostPercent, cpu, processes, busyPercent, ends = "" } = line;
  return [
    relay,
    String(calls),
    packetsPerSecond.toFixed(0),
    lostPercent.toFixed(3),
    cpu.toFixed(1),
    processes.toFixed(1),
    busyPercent.toFixed(0),
    ends,
  ];
}
