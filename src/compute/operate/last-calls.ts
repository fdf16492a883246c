import type { Destination } from "../dispatcher/drain.js";
import type { Call } from "./call.js";
import type { HostLook } from "./look.js";

/** What is left on a host of the calls of recorders that are drained; undefined while it does not answer. */
export interface CallsLeft {
  host: string;
  calls: number | undefined;
  /** Why it counts calls that another recorder may have. */
  note?: string;
}

/** Counts on one host the calls that recorders still have, look after look. */
export class LastCalls {
  readonly #uris: ReadonlySet<string>;
  /** Calls that were being set up when recorders had just been drained: one of them may get them. */
  #early: ReadonlySet<string> | undefined;
  /** Whether there are none whose recorder nobody knows: such a call holds its sessions of the relay all the time. */
  #allKnown = false;

  constructor(
    private readonly host: string,
    drained: readonly Destination[],
  ) {
    this.#uris = new Set(drained.map(({ destination }) => destination));
  }

  /** How many are left, by a look that began when the host had the recorders disabled. */
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

/** Calls that the media relay has, and of which there is no dialog. */
function unknownCalls(calls: readonly Call[], count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  return Math.max(0, count - calls.filter(({ state }) => state !== "moved").length);
}
