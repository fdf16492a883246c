import type { Destination } from "../dispatcher/drain.js";
import type { Call } from "./call.js";
import type { HostLook } from "./look.js";

/** Number of calls that drained recorders still have through a host; undefined while it does not answer. */
export interface CallsLeft {
  host: string;
  calls: number | undefined;
  /** Why the number may include calls of other recorders. */
  note?: string;
}

/** Counts the remaining calls of drained recorders on one host, over several queries. */
export class LastCalls {
  readonly #uris: ReadonlySet<string>;
  /** Calls that were being set up when the drain began: a drained recorder may still get them. */
  #early: ReadonlySet<string> | undefined;
  /** True once a query found no call with an unknown recorder. Such calls always have sessions in the relay, so none was missed. */
  #allKnown = false;

  constructor(
    private readonly host: string,
    drained: readonly Destination[],
  ) {
    this.#uris = new Set(drained.map(({ destination }) => destination));
  }

  /** The number of remaining calls, by a query that began after the host had disabled the recorders. */
  count({ calls, count }: HostLook): CallsLeft {
    const { host } = this;
    if (calls === undefined)
      return {
        host,
        calls: count,
        note: "all calls of this host: its image does not report the recorder of a call",
      };
    const inSetup = calls.filter(({ state }) => state === "setup").map(({ call_id }) => call_id);
    this.#early ??= new Set(inSetup);
    const own = calls.filter(({ recorder }) => recorder !== null && this.#uris.has(recorder));
    const early = inSetup.filter((id) => this.#early?.has(id));
    const unknown = unknownCalls(calls, count);
    this.#allKnown ||= unknown === 0;
    const left = own.length + early.length;
    if (this.#allKnown || unknown === 0) return { host, calls: left };
    const note = `${unknown ?? "possibly some"} with unknown recorder (set up by another proxy, or before Kamailio restarted)`;
    return { host, calls: unknown === undefined ? undefined : left + unknown, note };
  }
}

/** The number of calls in the media relay for which Kamailio has no dialog. */
function unknownCalls(calls: readonly Call[], count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  return Math.max(0, count - calls.filter(({ state }) => state !== "moved").length);
}
