import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { VARIANT_NAMES, type SiprecVariant } from "../siprec-variants.js";
import { Lateness } from "../lateness.js";
import { MediaClock } from "../rtp/clock.js";
import { RtpPorts } from "../rtp/ports.js";
import { SipStack } from "../sip/stack.js";
import { formatHop } from "../sip/uri.js";
import { Call } from "./call.js";
import { answerInbound } from "./inbound.js";
import type { CallsJob, CallsSummary, PlatformCommand, PlatformEvent, PlatformStatus } from "./protocol.js";
import { Totals, count } from "./summary.js";
import { advertisedAddress, presented, type Surroundings } from "./surroundings.js";
import { Targets } from "./targets.js";

/** Milliseconds between two checks for due calls. */
const STEP_MS = 5;
/** Milliseconds after the last call, so that its last answer is still sent. */
const FAREWELL_MS = 100;

/** Places the calls of a job at its rate and follows each to its end. */
export class CallsRun {
  readonly #around: Surroundings;
  /** Calls that have not ended, by Call-ID. */
  readonly #running: Map<string, Call>;
  readonly #totals = new Totals();
  readonly #lateness = new Lateness();
  #placed = 0;
  #settled = 0;
  #up = 0;
  #mostUp = 0;
  #stopped = false;

  private constructor(around: Surroundings, running: Map<string, Call>) {
    this.#around = around;
    this.#running = running;
  }

  static async open(job: CallsJob, emit: (event: PlatformEvent) => void): Promise<CallsRun> {
    const running = new Map<string, Call>();
    let sipPort = job.sipPort ?? 5060;
    const stack = new SipStack({
      onRequest: (transaction) => {
        answerInbound(transaction, running.get(transaction.request.headers.get("Call-ID") ?? ""));
      },
      onFault: (text) => emit({ event: "fault", text }),
      sentBy: (flow) => presented(job, sipPort, flow),
      ...(job.rport === undefined ? {} : { rport: job.rport }),
      ...(job.connectTimeoutMs === undefined ? {} : { connectTimeout: job.connectTimeoutMs }),
      ...(job.timers === undefined ? {} : { timers: job.timers }),
    });
    sipPort = await listenOnBoth(stack, job.localAddress, sipPort);
    const targets = new Targets(job.targets, job.spread ?? "first", job.avoidMs ?? 0);
    if (job.monitorMs !== undefined) targets.watch(stack, job.monitorMs);
    const [first, last] = job.rtp?.ports ?? [20_000, 59_999];
    const ports = new RtpPorts(job.localAddress, first, last);
    const advertised = advertisedAddress(job);
    const clock = new MediaClock();
    return new CallsRun({ job, stack, ports, clock, targets, advertised, sipPort, emit }, running);
  }

  get sipPort(): number {
    return this.#around.sipPort;
  }

  async run(): Promise<CallsSummary> {
    const started = performance.now();
    const { job, stack, clock, targets, emit } = this.#around;
    const finished: Promise<void>[] = [];
    const { rate = 10, maxConcurrent = Infinity } = job;
    while (this.#placed < job.calls && !this.#stopped) {
      const due = Math.min(job.calls, 1 + Math.floor(((performance.now() - started) / 1000) * rate));
      while (this.#placed < due && this.#running.size < maxConcurrent) finished.push(this.#place());
      if (this.#placed < job.calls) await sleep(STEP_MS);
    }
    const placing = (performance.now() - started) / 1000;
    while (this.#settled < this.#placed) await sleep(STEP_MS);
    emit({ event: "all-placed", ...this.status() });
    await Promise.all(finished);
    const seconds = round((performance.now() - started) / 1000);
    await sleep(FAREWELL_MS);
    targets.close();
    return this.#totals.summary({
      placed: this.#placed,
      rtpMissed: clock.missed,
      lateMs: this.#lateness.ms,
      mostUp: this.#mostUp,
      seconds,
      placedPerSecond: round(this.#placed / Math.max(placing, 1 / rate)),
      retransmissions: stack.counters.retransmissions,
    });
  }

  close(): void {
    this.#around.targets.close();
    this.#around.stack.close();
  }

  status(): PlatformStatus {
    const sent = [...this.#running.values()].flatMap((call) => call.media?.sent ?? []);
    const sending = sent.reduce((sum, stream) => sum + stream.packets, 0);
    return {
      placed: this.#placed,
      up: this.#up,
      ended: this.#totals.ended,
      rtpPackets: this.#totals.rtpPackets + sending,
    };
  }

  async obey(command: PlatformCommand): Promise<PlatformEvent> {
    const { cmd } = command;
    const id = command.id === undefined ? {} : { id: command.id };
    if (cmd === "status") return { event: "status", ...id, ...this.status() };
    try {
      return { event: "done", ...id, cmd, ...(await this.#act(command)) };
    } catch (error) {
      return { event: "failed", ...id, cmd, error: (error as Error).message };
    }
  }

  async #act(command: PlatformCommand): Promise<{ byStatus?: Record<string, number> }> {
    const up = [...this.#running.values()].filter((call) => call.established);
    switch (command.cmd) {
      case "reinvite-all": {
        const byStatus: Record<string, number> = {};
        const kind = command.kind ?? "refresh";
        await Promise.all(up.map(async (call) => count(byStatus, String(await call.reinvite(kind)))));
        return { byStatus };
      }
      case "request-all": {
        const byStatus: Record<string, number> = {};
        const { method } = command;
        await Promise.all(up.map(async (call) => count(byStatus, String(await call.request(method)))));
        return { byStatus };
      }
      case "move-all":
        for (const call of up)
          if (!command.from || call.result.attempts.at(-1)?.target === formatHop(command.from))
            call.moveTo(command.to, command.detour);
        return {};
      case "bye-all":
        this.#stopped = true;
        for (const call of this.#running.values()) call.end("platform");
        return {};
      case "rtp":
        for (const call of up)
          if (command.send) call.media?.start();
          else call.media?.stop();
        return {};
      case "stop":
        this.#stopped = true;
        return {};
      default:
        throw new Error(`unknown command ${command.cmd}`);
    }
  }

  async #place(): Promise<void> {
    const { job, emit } = this.#around;
    const call = new Call(this.#around, this.#placed++, variantOf(job, this.#placed));
    const { result } = call;
    this.#running.set(result.callId, call);
    await call.setUp();
    this.#settled++;
    if (call.established) {
      this.#mostUp = Math.max(this.#mostUp, ++this.#up);
      const { index, callId, answeredBy, setUpMs } = result;
      if (!job.quiet) emit({ event: "answered", index, callId, answeredBy, setUpMs });
    }
    await call.finish();
    if (call.established) this.#up--;
    this.#running.delete(result.callId);
    this.#totals.add(result);
    if (!job.quiet || result.outcome !== "ok") emit({ event: "call", ...result });
  }
}

function variantOf(job: CallsJob, placed: number): SiprecVariant {
  const { variant = "plain" } = job;
  return variant === "all" ? (VARIANT_NAMES[(placed - 1) % VARIANT_NAMES.length] ?? "plain") : variant;
}

/** Binds UDP and TCP on the same port; with port 0 on one that is free for both. */
async function listenOnBoth(stack: SipStack, address: string, port: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const tcp = await stack.listen({ transport: "tcp", address, port });
    try {
      await stack.listen({ transport: "udp", address, port: tcp.port });
      return tcp.port;
    } catch (error) {
      // another UDP socket has this port: try the next one that TCP gets
      if (port !== 0 || tries === 5) throw error;
    }
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
