import ipaddr from "ipaddr.js";
import { z } from "zod";

/**
 * The kinds of value that a setting takes. Each says its rule in one phrase that completes "must be …"; zod's issue
 * then carries just that phrase. Inventories in INI form hold only strings, so numbers and booleans written as text
 * ("5080", "yes") are read as what they mean.
 */
export interface Kind<T> {
  schema: z.ZodType<T>;
  /** The rule, as it stands after "must be". */
  rule: string;
  /** The value as JSON Schema, for editors. */
  json: Record<string, unknown>;
}

function kind<T>(
  rule: string,
  json: Record<string, unknown>,
  read: (value: unknown) => T | undefined,
  /** What is wrong with it, where that can be said more closely. */
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

/** Whole numbers as YAML and inventories write them: 5080, 05, 5080.0, 1e3, 0x13d8. */
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

/** `auto`, or what the fleet file decides. */
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
  /** What the text is, as it stands after "must be". */
  rule: string;
  pattern?: RegExp;
  max?: number;
}

/** Text on one line. Control characters (newlines among them) are never legal, nor are halves of characters, which no file can hold. */
export function text({ rule, pattern, max }: TextLimits): Kind<string> {
  const json = {
    type: ["string", "number"],
    ...(pattern && { pattern: pattern.source }),
    ...(max && { maxLength: max }),
  };
  return kind(rule, json, (value) => {
    const string = typeof value === "number" ? String(value) : value;
    if (typeof string !== "string" || /[\p{Cc}\p{Cs}]/u.test(string)) return undefined;
    if (max !== undefined && string.length > max) return undefined;
    return pattern === undefined || pattern.test(string) ? string : undefined;
  });
}

/** An IPv4 address in dotted form. The role's addresses are IPv4 only. */
export const ipv4: Kind<string> = kind(
  "an IPv4 address such as 10.0.0.1",
  { type: "string", format: "ipv4" },
  (value) => (typeof value === "string" && ipaddr.IPv4.isValidFourPartDecimal(value) ? value : undefined),
);

/** An IPv4 address, or `auto`: ask the metadata service at every boot. */
export const ipv4OrAuto: Kind<string> = kind(
  'an IPv4 address such as 10.0.0.1, or "auto" (ask the instance metadata service at every boot)',
  { type: "string", anyOf: [{ format: "ipv4" }, { const: "auto" }] },
  (value) =>
    value === "auto" || (typeof value === "string" && ipaddr.IPv4.isValidFourPartDecimal(value))
      ? value
      : undefined,
);

/** One label of a DNS name (RFC 1123). */
export const dnsLabel = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** A DNS host name (RFC 1123), or an IPv4 or IPv6 address without zone: what is made of digits and dots alone is no name. */
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
 * An IPv4 address, or a host name (RFC 1123) in lower case: a name means the same in any, and is compared as text. What ends in a
 * number would be read as an address by some (inet_aton(3) takes 10.1 and 0xa000001).
 */
export const ipv4OrHostName: Kind<string> = kind(
  "an IPv4 address such as 10.0.0.3, or a host name",
  { type: "string", maxLength: 253 },
  (value) => {
    if (typeof value !== "string" || value.length > 253) return undefined;
    if (ipaddr.IPv4.isValidFourPartDecimal(value)) return value;
    const labels = value.toLowerCase().split(".");
    return labels.every((label) => dnsLabel.test(label)) && !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")
      ? labels.join(".")
      : undefined;
  },
  noRecorder,
);

/** Why a text is no address of a recorder. */
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
  return undefined;
}

/** One network in CIDR form, with no host bits set; a bare address is a /32. */
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

/** The network that an address with a prefix length is in. */
function networkOf(address: string): string {
  return `${ipaddr.IPv4.networkAddressFromCIDR(address).toString()}/${address.split("/")[1]}`;
}

/** A list of one kind; a single value stands for a list of one, and text is split at commas, as inventories write it. */
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

/** The same, of one at least. */
export function someOf<T>(item: Kind<T>): Kind<T[]> {
  const list = listOf(item);
  const rule = `${item.rule}; or a list of these`;
  return { ...list, rule, schema: list.schema.refine(({ length }) => length > 0, rule) };
}

const tagRule = "a mapping of tag names (up to 128 characters) to values (up to 256)";

/** Names of tags, keys and values (EC2 allows 128 and 256 characters). */
export const tags = tagsOf(tagRule, /\p{Cs}/u);

/** Those that Packer sets: it renders what holds `{{` until no `{{` is left, so that none can be written. */
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
