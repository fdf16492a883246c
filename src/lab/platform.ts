/**
 * A simulated voice platform. Run it where its addresses are (`ip netns exec … node dist/lab/platform.js`): the first
 * line of standard input is a PlatformJob in JSON, each further line a PlatformCommand; standard output is a line of
 * JSON for each PlatformEvent. It ends with its job; when its standard input ends, held calls are ended too.
 */
import { readJsonLines, writeJsonLine } from "./json-lines.js";
import { CallsRun } from "./platform/calls.js";
import { runCrowd } from "./platform/crowd.js";
import { runOptions } from "./platform/options.js";
import type { CallsJob, PlatformCommand, PlatformEvent, PlatformJob } from "./platform/protocol.js";
import { runRaw } from "./platform/raw.js";
import { runSpray } from "./platform/spray.js";

const emit = (event: PlatformEvent) => writeJsonLine(event);
let begun = false;
/** Whether the job's calls stay up until a command ends them. */
let held = false;
let calls: Promise<CallsRun> | undefined;

function take(line: object): void {
  if (!begun) {
    begun = true;
    void perform(line as PlatformJob).then(() => process.exit(0), die);
  } else void calls?.then((run) => run.obey(line as PlatformCommand)).then(emit);
}

async function perform(job: PlatformJob): Promise<void> {
  if (job.type === "calls") await place(job);
  else if (job.type === "options") await runOptions(job, emit);
  else if (job.type === "spray") await runSpray(job, emit);
  else if (job.type === "crowd") await runCrowd(job, emit);
  else await runRaw(job, emit);
}

async function place(job: CallsJob): Promise<void> {
  held = job.holdMs === null;
  calls = CallsRun.open(job, emit);
  const run = await calls;
  emit({ event: "ready", pid: process.pid, sipPort: run.sipPort });
  setTimeout(() => die(new Error("the job's deadline has passed")), deadline(job)).unref();
  emit({ event: "summary", ...(await run.run()) });
}

/** Longest duration of a job in milliseconds, if every call takes as long as possible. */
function deadline(job: CallsJob): number {
  const placing = (job.calls / (job.rate ?? 10)) * 1000;
  return job.deadlineMs ?? placing + (job.holdMs ?? 3_600_000) + 300_000;
}

function die(error: Error): void {
  process.stderr.write(`platform: ${error.message}\n`);
  process.exit(1);
}

await readJsonLines(process.stdin, take, (text) => emit({ event: "fault", text }));
if (held) void (await calls)?.obey({ cmd: "bye-all" });
