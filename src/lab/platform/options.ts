import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { SipStack } from "../sip/stack.js";
import type { OptionsJob, PlatformEvent } from "./protocol.js";
import { askOptions } from "./targets.js";

/** Sends OPTIONS at a rate, and reports each answer. */
export async function runOptions(job: OptionsJob, emit: (event: PlatformEvent) => void): Promise<void> {
  const stack = new SipStack({
    onRequest: (transaction) => transaction.respond(200, { toTag: "none" }),
    onFault: (text) => emit({ event: "fault", text }),
    connectTimeout: job.timeoutMs ?? 4000,
    timers: { giveUp: job.timeoutMs ?? 4000, linger: 0, ...job.timers },
  });
  await stack.listen({ transport: "udp", address: job.localAddress, port: job.sipPort ?? 0 });
  const asked: Promise<void>[] = [];
  for (let index = 0; index < (job.count ?? 1); index++) {
    if (index > 0) await sleep(1000 / (job.rate ?? 10));
    asked.push(one(stack, job, index, emit));
  }
  await Promise.all(asked);
  stack.close();
}

async function one(
  stack: SipStack,
  job: OptionsJob,
  index: number,
  emit: (event: PlatformEvent) => void,
): Promise<void> {
  const started = performance.now();
  const ms = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    const { status, headers } = await askOptions(stack, job.target, job.user);
    emit({ event: "options", index, status, ms: ms(), server: headers.get("Server") ?? "" });
  } catch (error) {
    emit({ event: "options", index, status: 0, ms: ms(), server: "", why: (error as Error).message });
  }
}
