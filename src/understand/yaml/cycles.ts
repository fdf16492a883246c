import { EVENT_ID, type Event } from "js-yaml";
import type { Fault } from "../fault.js";

/** The first alias inside the section or list that it refers to: YAML allows it, but such a value has no end. */
export function cycleIn(events: readonly Event[], source: string): Fault | undefined {
  const open: string[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) open.pop();
    if (event.type === EVENT_ID.DOCUMENT) open.push("");
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
      open.push(anchorOf(event, source));
    if (event.type === EVENT_ID.ALIAS && open.includes(anchorOf(event, source)))
      return {
        path: [],
        message: "must not refer to a section or list that contains it",
        hint: "remove this reference",
        range: { start: event.anchorStart - 1, end: event.anchorEnd },
      };
  }
  return undefined;
}

/** An anchor's name; empty without one. */
function anchorOf(
  { anchorStart, anchorEnd }: { anchorStart: number; anchorEnd: number },
  source: string,
): string {
  return anchorStart < 0 ? "" : source.slice(anchorStart, anchorEnd);
}
