import { splitList } from "./values.js";

/** Compact forms: RFC 3261 7.3.3 and IANA's registry of SIP header fields. */
const COMPACT: Record<string, string> = {
  a: "accept-contact",
  b: "referred-by",
  c: "content-type",
  d: "request-disposition",
  e: "content-encoding",
  f: "from",
  i: "call-id",
  j: "reject-contact",
  k: "supported",
  l: "content-length",
  m: "contact",
  n: "identity-info",
  o: "event",
  r: "refer-to",
  s: "subject",
  t: "to",
  u: "allow-events",
  v: "via",
  x: "session-expires",
  y: "identity",
};
const SHORT = new Map(Object.entries(COMPACT).map(([short, long]) => [long, short]));

/** Headers whose values may be several in one line, separated by commas (RFC 3261, 7.3.1). */
const LISTS = new Set([
  "accept",
  "allow",
  "contact",
  "record-route",
  "require",
  "route",
  "supported",
  "unsupported",
  "via",
]);

/** How header names are written; all three are the same to a receiver that follows RFC 3261, 7.3. */
export type HeaderStyle = "usual" | "compact" | "lower-case";

interface Field {
  name: string;
  key: string;
  value: string;
}

/** The headers of one message: found by name in any case or compact form, written in the order they came. */
export class SipHeaders implements Iterable<[string, string]> {
  #fields: Field[] = [];

  constructor(fields: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of fields) this.add(name, value);
  }

  /** The first line's value. */
  get(name: string): string | undefined {
    const key = keyOf(name);
    return this.#fields.find((field) => field.key === key)?.value;
  }

  /** Every value in order; lines that hold a list are taken apart. */
  all(name: string): string[] {
    const key = keyOf(name);
    const values = this.#fields.filter((field) => field.key === key).map((field) => field.value);
    return LISTS.has(key) ? values.flatMap(splitList) : values;
  }

  add(name: string, value: string): this {
    this.#fields.push({ name, key: keyOf(name), value });
    return this;
  }

  prepend(name: string, value: string): this {
    this.#fields.unshift({ name, key: keyOf(name), value });
    return this;
  }

  /** Replaces all lines of that name by one, at the place of the first. */
  set(name: string, value: string): this {
    const key = keyOf(name);
    const at = this.#fields.findIndex((field) => field.key === key);
    if (at < 0) return this.add(name, value);
    this.#fields = this.#fields.filter((field, i) => i === at || field.key !== key);
    this.#fields[at] = { name, key, value };
    return this;
  }

  /** Replaces the first value of a list header (the top Via) and leaves the others alone. */
  setFirst(name: string, value: string): this {
    const field = this.#fields.find(({ key }) => key === keyOf(name));
    if (field) field.value = [value, ...splitList(field.value).slice(1)].join(", ");
    return this;
  }

  delete(name: string): this {
    const key = keyOf(name);
    this.#fields = this.#fields.filter((field) => field.key !== key);
    return this;
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const { name, value } of this.#fields) yield [name, value];
  }
}

/** The full name in lower case, by which headers are compared. */
export function keyOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** The name as it is written in the wanted style. */
export function styled(name: string, style: HeaderStyle): string {
  if (style === "usual") return name;
  const key = keyOf(name);
  return style === "compact" ? (SHORT.get(key) ?? name) : key;
}
