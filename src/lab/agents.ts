import { Program } from "./agents/child.js";
import type {
  CallResult,
  CallsJob,
  CallsSummary,
  OtherMethod,
  PlatformEvent,
  PlatformJob,
  PlatformStatus,
  ReinviteKind,
} from "./platform/protocol.js";
import type {
  Behaviour,
  RecordedCall,
  RecorderEvent,
  RecorderOptions,
  RecorderTotals,
  SeenInvite,
} from "./recorder/protocol.js";
import type { Detour } from "./sip/dialog.js";
import type { Hop } from "./sip/uri.js";

export type {
  CallResult,
  CallsJob,
  CallsSummary,
  CrowdJob,
  OptionsJob,
  PlatformJob,
  RawJob,
  SprayJob,
} from "./platform/protocol.js";
export type { Behaviour, RecordedCall, RecorderOptions, RecorderTotals } from "./recorder/protocol.js";

type Named<E, N> = Extract<E, { event: N }>;

/** A running recorder. */
export class Recorder extends Program<RecorderEvent> {
  constructor(namespace: string | undefined, options: RecorderOptions) {
    super("recorder", namespace, options);
  }

  /** Changes its behaviour from now on. */
  async behave(behaviour: Partial<Behaviour>): Promise<void> {
    await this.ask({ cmd: "behave", ...behaviour });
  }

  /** Ends a call (or `all`) from the recorder's side; resolves with the worst status. */
  async bye(callId = "all"): Promise<{ status: number; count: number }> {
    return outcomeOf(await this.ask({ cmd: "bye", callId }));
  }

  async reinvite(callId = "all", hold = false): Promise<{ status: number; count: number }> {
    return outcomeOf(await this.ask({ cmd: "reinvite", callId, hold }));
  }

  async stats(): Promise<{ totals: RecorderTotals; calls: RecordedCall[] }> {
    return (await this.ask({ cmd: "stats" })) as Named<RecorderEvent, "stats">;
  }

  /** Only totals: fast even with thousands of calls. */
  async totals(): Promise<RecorderTotals> {
    return ((await this.ask({ cmd: "stats", calls: false })) as Named<RecorderEvent, "stats">).totals;
  }

  /** Deletes counters of ended calls, and the measured lateness. */
  async forget(): Promise<void> {
    await this.ask({ cmd: "forget" });
  }

  /** The contents of each INVITE so far (empty if `quiet`). */
  get invites(): SeenInvite[] {
    return this.events.filter((event) => event.event === "invite");
  }
}

/** Starts a recorder in a namespace (undefined: here); resolves when it listens. */
export async function startRecorder(
  namespace: string | undefined,
  options: RecorderOptions,
): Promise<Recorder> {
  const recorder = new Recorder(namespace, options);
  await recorder.waitFor((event) => event.event === "listening").catch(endFirst(recorder));
  return recorder;
}

export interface PlatformReport {
  /** Ended calls in the order of their ends; with `quiet`, only those that are not `ok`. */
  calls: CallResult[];
  summary: CallsSummary;
}

/** A platform that places calls. */
export class Platform extends Program<PlatformEvent> {
  /** Resolves when all calls have ended. */
  readonly finished: Promise<PlatformReport>;

  constructor(namespace: string | undefined, job: CallsJob) {
    super("platform", namespace, job);
    const over = this.waitFor((event) => event.event === "summary", 2 ** 31 - 1);
    this.finished = over.then((summary) => ({ calls: this.calls, summary }));
    this.finished.catch(() => undefined); // callers that await the promise get the error
  }

  /** The calls that have ended. */
  get calls(): CallResult[] {
    return this.events.filter((event) => event.event === "call");
  }

  /** Resolves when each call has been answered or has failed. */
  allPlaced(): Promise<PlatformStatus> {
    return this.waitFor((event) => event.event === "all-placed");
  }

  async status(): Promise<PlatformStatus> {
    return (await this.ask({ cmd: "status" })) as Named<PlatformEvent, "status">;
  }

  /** Sends a re-INVITE in each current call; resolves with the number of answers by status. */
  async reinviteAll(kind: ReinviteKind = "refresh"): Promise<Record<string, number>> {
    const event = await this.ask({ cmd: "reinvite-all", kind });
    return (event as Named<PlatformEvent, "done">).byStatus ?? {};
  }

  /** Sends another request in each current call; resolves with the number of answers by status. */
  async requestAll(method: OtherMethod): Promise<Record<string, number>> {
    const event = await this.ask({ cmd: "request-all", method });
    return (event as Named<PlatformEvent, "done">).byStatus ?? {};
  }

  /** From now on, sends requests of all current calls, or of those that one proxy has set up, through another proxy. */
  async moveAll(to: Hop, detour: Detour = "kept", from?: Hop): Promise<void> {
    await this.ask({ cmd: "move-all", to, detour, ...(from === undefined ? {} : { from }) });
  }

  /** Ends all calls, and places no new ones. */
  async byeAll(): Promise<void> {
    await this.ask({ cmd: "bye-all" });
  }

  /** Places no new calls; current calls continue. */
  async stopPlacing(): Promise<void> {
    await this.ask({ cmd: "stop" });
  }

  /** Stops or resumes the media of all current calls, without signalling. */
  async sendMedia(send: boolean): Promise<void> {
    await this.ask({ cmd: "rtp", send });
  }
}

/** Starts a platform in a namespace (undefined: here); resolves when it begins to place calls. */
export async function startPlatform(namespace: string | undefined, job: CallsJob): Promise<Platform> {
  const platform = new Platform(namespace, job);
  await platform.waitFor((event) => event.event === "ready").catch(endFirst(platform));
  return platform;
}

/** Runs a job to its end; for `options` and `raw` jobs, whose events are the whole result. */
export async function runPlatform(namespace: string | undefined, job: PlatformJob): Promise<PlatformEvent[]> {
  const program = new Program<PlatformEvent>("platform", namespace, job);
  try {
    const code = await program.exited;
    if (code !== 0) throw program.fault(`ended with ${code}`);
    return program.events;
  } finally {
    await program.stop();
  }
}

function outcomeOf(event: RecorderEvent): { status: number; count: number } {
  const { status = 0, count = 0 } = event as Named<RecorderEvent, "done">;
  return { status, count };
}

function endFirst(program: { stop(): Promise<void> }): (error: unknown) => Promise<never> {
  return async (error) => {
    await program.stop();
    throw error;
  };
}
