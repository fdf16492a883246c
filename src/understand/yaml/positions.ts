import { EVENT_ID, getScalarValue, type Event } from "js-yaml";
import type { Path, Range } from "../fault.js";

interface Place {
  key?: Range;
  value: Range;
}

/** The positions of keys and values by path. For a path that does not exist, the position of its nearest ancestor. */
export class Positions {
  constructor(private readonly places: ReadonlyMap<string, Place>) {}

  locate(path: Path, atKey = false): Range {
    for (let length = path.length; length >= 0; length--) {
      const place = this.places.get(JSON.stringify(path.slice(0, length)));
      if (!place) continue;
      return atKey || length < path.length ? (place.key ?? place.value) : place.value;
    }
    return { start: 0, end: 1 };
  }

  /** The positions of all values whose key has such a name. */
  valuesOf(isNamed: (name: string) => boolean): Range[] {
    return [...this.places].flatMap(([path, { value }]) => {
      const name = (JSON.parse(path) as Path).at(-1);
      return typeof name === "string" && isNamed(name) ? [value] : [];
    });
  }
}

/** Collects the position of every path from js-yaml's events, which have source offsets. */
export function collectPositions(events: readonly Event[], source: string): Positions {
  const places = new Map<string, Place>();
  let next = 0;

  function walk(path: Path, key?: Range): void {
    const event = events[next++];
    if (!event) return;
    const value = rangeOf(event, source) ?? key ?? { start: 0, end: 1 };
    places.set(JSON.stringify(path), key ? { key, value } : { value });
    if (event.type === EVENT_ID.MAPPING) walkMapping(path);
    if (event.type === EVENT_ID.SEQUENCE) walkSequence(path);
  }

  function walkMapping(path: Path): void {
    while (events[next] && events[next]?.type !== EVENT_ID.POP) {
      const keyEvent = events[next++];
      if (keyEvent?.type !== EVENT_ID.SCALAR) return skipRest();
      const range = rangeOf(keyEvent, source);
      walk([...path, getScalarValue(source, keyEvent)], range);
    }
    next++;
  }

  function walkSequence(path: Path): void {
    for (let index = 0; events[next] && events[next]?.type !== EVENT_ID.POP; index++) walk([...path, index]);
    next++;
  }

  /** A mapping with keys that are not scalars has no paths. The schema refuses it, and points at the mapping. */
  function skipRest(): void {
    next = events.length;
  }

  if (events[next]?.type === EVENT_ID.DOCUMENT) next++;
  walk([]);
  return new Positions(places);
}

/** The position of an event; undefined for an empty value, to which js-yaml gives offset -1. */
function rangeOf(event: Event, source: string): Range | undefined {
  if (event.type === EVENT_ID.SCALAR) {
    if (event.valueStart < 0) return undefined;
    const firstLine = source.indexOf("\n", event.valueStart);
    const end = firstLine === -1 ? event.valueEnd : Math.min(event.valueEnd, firstLine);
    return { start: event.valueStart, end: Math.max(end, event.valueStart + 1) };
  }
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
    return { start: event.start, end: event.start + 1 };
  }
  if (event.type === EVENT_ID.ALIAS) return { start: event.anchorStart - 1, end: event.anchorEnd };
  return undefined;
}
