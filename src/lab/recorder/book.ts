import { tagOf } from "../sip/build.js";
import type { SipRequest } from "../sip/message.js";
import type { Call } from "./call.js";
import type { RecordedCall, RecorderEvent, RecorderOptions } from "./protocol.js";
import { Tally } from "./totals.js";

/** A recorder's current and ended calls, with their counters. */
export class CallBook {
  readonly tally = new Tally();
  readonly #calls = new Map<string, Call>();

  constructor(
    private readonly options: RecorderOptions,
    private readonly emit: (event: RecorderEvent) => void,
  ) {}

  add(call: Call): void {
    this.#calls.set(call.dialog.localTag, call);
    this.tally.rise();
  }

  /** The call that a request within a dialog belongs to, unless it has ended. */
  find(request: SipRequest): Call | undefined {
    const call = this.#calls.get(tagOf(request.headers.get("To")) ?? "");
    return call?.dialog.holds(request) && call.state !== "ended" ? call : undefined;
  }

  /** The current calls with this Call-ID; with `all`, all of them. */
  chosen(callId: string): Call[] {
    const up = [...this.#calls.values()].filter((call) => call.state !== "ended");
    const chosen = callId === "all" ? up : up.filter((call) => call.callId === callId);
    if (chosen.length === 0 && callId !== "all") throw new Error(`no such call: ${callId}`);
    return chosen;
  }

  async end(call: Call, by: NonNullable<RecordedCall["endedBy"]>): Promise<void> {
    if (call.state === "ended") return;
    this.tally.fall();
    await call.end(by, this.options.lingerMs ?? 500);
    this.tell({ event: "ended", ...call.report() });
  }

  reports(): RecordedCall[] {
    return [...this.#calls.values()].map((call) => call.report());
  }

  /** Forgets the calls that have ended; returns how many. */
  forget(): number {
    const ended = [...this.#calls].filter(([, call]) => call.state === "ended");
    for (const [tag] of ended) this.#calls.delete(tag);
    return ended.length;
  }

  /** Reports an event of one call, unless the recorder is quiet. */
  tell(event: RecorderEvent): void {
    if (!this.options.quiet) this.emit(event);
  }
}
