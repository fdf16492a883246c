import ipaddr from "ipaddr.js";
import { z } from "zod";

/**
 * A kind of value of a setting. Its rule is a phrase that completes "must be …", and is the message of zod's issue.
 * Inventories in INI form contain only strings, so numbers and booleans are also accepted as text ("5080", "yes").
 */
export interface Kind<T> {
  schema: z.ZodType<T>;
  /** The rule: completes "must be …". */
  rule: string;
  /** JSON Schema of the value, for editors. */
  json: Record<string, unknown>;
}

function kind<T>(
  rule: string,
  json: Record<string, unknown>,
  read: (value: unknown) => T | undefined,
  /** A more precise message about a wrong value, if there is one. */
  closer?: (value: unknown) => string | undefined,
): Kind<T> {
  const schema = z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    const wrong = closer?.(value);
    context.addIssue({ code: "custom", message: wrong === undefined ? rule : `${rule}: ${wrong}` });
    return z.NEVER;
  });
  return { schema: schema, rule, json };
}

export function integer(min: number, max: number, say: { unit?: string; rule?: string } = {}): Kind<number> {
  const rule =
    say.rule ?? `a whole number from ${min} to ${max}${say.unit === undefined ? "" : ` (${say.unit})`}`;
  return kind(
    rule,
    { type: ["integer", "string"], minimum: min, maximum: max, pattern: "^-?[0-9]+$" },
    (value) => {
      const number = typeof value === "string" && numeral.test(value.trim()) ? Number(value) : value;
      return typeof number === "number" && Number.isInteger(number) && number >= min && number <= max
        ? number
        : undefined;
    },
  );
}

/** The forms of whole numbers in YAML and inventories: 5080, 05, 5080.0, 1e3, 0x13d8. */
const numeral = /^([-+]?\d{1,15}(\.0*)?(e\d)?|0x[\da-f]{1,12}|0o[0-7]{1,12})$/i;

export const port = integer(1, 65535);

const truth = new Map<unknown, boolean>([
  ...["true", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "no", "off"].map((word) => [word, false] as const),
  [true, true],
  [false, false],
]);

export const flag: Kind<boolean> = kind(
  "true or false",
  { enum: [true, false, "true", "false", "yes", "no", "on", "off"] },
  (value) => truth.get(typeof value === "string" ? value.trim().toLowerCase() : value),
);

/** `auto`, true or false. */
export const autoOrFlag: Kind<"auto" | boolean> = kind(
  "auto, true or false",
  { enum: ["auto", ...(flag.json["enum"] as unknown[])] },
  (value) =>
    value === "auto" ? value : truth.get(typeof value === "string" ? value.trim().toLowerCase() : value),
);

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return kind(`one of: ${values.join(", ")}`, { enum: values }, (value) => values.find((v) => v === value));
}

export interface TextLimits {
  /** What the text is: completes "must be …". */
  rule: string;
  pattern?: RegExp;
  max?: number;
}

/** Text on one line. Control characters, such as newlines, are refused, and so are unpaired surrogates, which UTF-8 cannot encode. */
export function text({ rule, pattern, max }: TextLimits): Kind<string> {
  const json = {
    type: ["string", "number"],
    ...(pattern && { pattern: pattern.source }),
    ...(max && { maxLength: max }),
  };
  const read = (value: unknown) => {
    const string = typeof value === "number" ? String(value) : value;
    if (typeof string !== "string" || refused.test(string)) return undefined;
    if (max !== undefined && string.length > max) return undefined;
    return pattern === undefined || pattern.test(string) ? string : undefined;
  };
  return kind(rule, json, read, refusedCharacter);
}

const refused = /[\p{Cc}\p{Cs}]/u;

/** Names a character that no text may contain: most of them are not visible. */
function refusedCharacter(value: unknown): string | undefined {
  const [found] = (typeof value === "string" && refused.exec(value)) || [];
  const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  return code === undefined ? undefined : `it contains the character U+${code}`;
}

/** An IPv4 address in dotted form. The role supports only IPv4. */
export const ipv4: Kind<string> = kind(
  "an IPv4 address such as 10.0.0.1",
  { type: "string", format: "ipv4" },
  (value) => (typeof value === "string" && ipaddr.IPv4.isValidFourPartDecimal(value) ? value : undefined),
);

/** An IPv4 address, or `auto`: the host gets it from the metadata service at every boot. */
export const ipv4OrAuto: Kind<string> = kind(
  'an IPv4 address such as 10.0.0.1, or "auto" (query the instance metadata service at every boot)',
  { type: "string", anyOf: [{ format: "ipv4" }, { const: "auto" }] },
  (value) =>
    value === "auto" || (typeof value === "string" && ipaddr.IPv4.isValidFourPartDecimal(value))
      ? value
      : undefined,
);

/** One label of a DNS name (RFC 1123). */
export const dnsLabel = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** A DNS host name (RFC 1123), or an IPv4 or IPv6 address without a zone. Digits and dots alone must be a valid address. */
export const hostname: Kind<string> = kind(
  "a host name, or an IP address without leading zeros or a zone index",
  { type: "string", maxLength: 253 },
  (value) => (typeof value === "string" && value.length <= 253 && isHost(value) ? value : undefined),
);

function isHost(value: string): boolean {
  if (value.includes(":")) return ipaddr.IPv6.isValid(value) && !value.includes("%");
  if (/^[0-9.]+$/.test(value)) return ipaddr.IPv4.isValidFourPartDecimal(value);
  return value.split(".").every((part) => dnsLabel.test(part));
}

/**
 * An IPv4 address, or a host name (RFC 1123). Names are converted to lower case, because they are compared as text. A name must not
 * end in a number: some programs would read it as an address (inet_aton(3) accepts 10.1 and 0xa000001).
 */
export const ipv4OrHostName: Kind<string> = kind(
  "an IPv4 address such as 10.0.0.3, or a host name",
  { type: "string", maxLength: 253 },
  (value) => {
    if (typeof value !== "string" || value.length > 253) return undefined;
    if (ipaddr.IPv4.isValidFourPartDecimal(value)) return value;
    const labels = value.toLowerCase().split(".");
    return labels.every((label) => dnsLabel.test(label)) && !numericEnd.test(value)
      ? labels.join(".")
      : undefined;
  },
  noRecorder,
);

/** A name whose last label is a decimal or hexadecimal number. */
const numericEnd = /(^|\.)(\d+|0x[0-9a-f]*)$/i;

/** A message about a text that cannot be the address of a recorder. */
function noRecorder(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (ipaddr.IPv6.isValid(value)) return "IPv6 is not supported";
  if (/^sips?:|:\d+($|;)|;transport=/.test(value))
    return "set port and protocol with siprec_port and siprec_protocol";
  if (/^[0-9]+(\.[0-9]+){3}$/.test(value))
    return "each of the four numbers must be from 0 to 255, without leading zeros";
  if (value.endsWith(".")) return "remove the dot at the end";
  if (value.split(".").some((label) => label.length > 63)) return "a label can have up to 63 characters";
  if (value.includes("_")) return "a host name cannot contain _";
  if (numericEnd.test(value)) return "the last part of a host name cannot be a number";
  return undefined;
}

/** A network in CIDR form without host bits; an address alone is a /32. */
export const cidr: Kind<string> = kind(
  "a network in CIDR notation, such as 203.0.113.0/24, or an address",
  { type: "string" },
  (value) => {
    if (typeof value !== "string") return undefined;
    if (ipaddr.IPv4.isValidFourPartDecimal(value)) return `${value}/32`;
    if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(value) || !ipaddr.IPv4.isValidCIDR(value)) return undefined;
    return networkOf(value) === value ? value : undefined;
  },
  (value) => {
    if (typeof value !== "string" || !ipaddr.IPv4.isValidCIDR(value)) return undefined;
    return networkOf(value) === value ? undefined : `the network of that address is ${networkOf(value)}`;
  },
);

/** The network of an address with a prefix length. */
function networkOf(address: string): string {
  return `${ipaddr.IPv4.networkAddressFromCIDR(address).toString()}/${address.split("/")[1]}`;
}

/** A list of values of one kind. A single value is a list of one; text is split at commas, as in inventories. */
export function listOf<T>(item: Kind<T>): Kind<T[]> {
  const schema = z.preprocess((value) => {
    if (typeof value === "string") return value.split(",").map((part) => part.trim());
    return Array.isArray(value) ? (value as unknown[]) : [value];
  }, z.array(item.schema));
  return {
    schema: schema,
    rule: `a list, each ${item.rule}`,
    json: { anyOf: [item.json, { type: "string", pattern: "," }, { type: "array", items: item.json }] },
  };
}

/** The same, but not empty. */
export function someOf<T>(item: Kind<T>): Kind<T[]> {
  const list = listOf(item);
  const rule = `${item.rule}; or a list of these`;
  return { ...list, rule, schema: list.schema.refine(({ length }) => length > 0, rule) };
}

const tagRule = "a mapping of tag names (up to 128 characters) to values (up to 256)";

/** Tags: EC2 allows 128 characters for a key and 256 for a value. */
export const tags = tagsOf(tagRule, /\p{Cs}/u);

/** Tags that Packer sets. Packer renders templates in them repeatedly, so a `{{` cannot be written. */
export const bakedTags = tagsOf(`${tagRule}, without {{`, /\p{Cs}|\{\{/u);

function tagsOf(rule: string, illegal: RegExp): Kind<Record<string, string>> {
  const json = { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
  return kind(rule, json, (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value).map(([name, v]) => [name, String(v)] as const);
    const legal = entries.every(
      ([name, v]) =>
        name.length <= 128 && !name.startsWith("aws:") && v.length <= 256 && !illegal.test(name + v),
    );
    return legal ? Object.fromEntries(entries) : undefined;
  });
}

/** For an error of a mapping in which one setting needs another: says that it is missing; empty if it is not. */
export function lacking(input: unknown, setting: string, needed: string): string {
  const isLacking = typeof input === "object" && input !== null && setting in input && !(needed in input);
  return isLacking ? `; ${needed} is missing` : "";
}
