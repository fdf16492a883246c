import { inspect } from "node:util";
import { secretKind } from "../../targets/lookup.js";

/** Where a secret comes from. Literals, environment and files are read when user-data is rendered; the others on the host. */
export type SecretSource =
  | { from: "literal"; value: string }
  | { from: "env"; name: string }
  | { from: "file"; path: string }
  | HostSecret;

/** A secret that the host resolves: of a kind that a target has, with what the host's fetch-secret is called with. */
export interface HostSecret {
  from: "host";
  kind: string;
  words: readonly string[];
  /** As the fleet file has it. */
  text: string;
}

/** A secret of the fleet file. It never prints itself: not by inspect, JSON or string conversion. */
export class SecretValue {
  readonly #source: SecretSource;

  constructor(source: SecretSource) {
    this.#source = source;
  }

  get source(): SecretSource {
    return this.#source;
  }

  /** True when the host resolves the secret at boot with its role, so that user-data carries only the reference. */
  get resolvedOnHost(): boolean {
    return this.#source.from === "host";
  }

  /** How to speak of it in messages: the reference, or just "a literal". */
  describe(): string {
    const source = this.#source;
    if (source.from === "literal") return "a literal";
    if (source.from === "env") return `\${env:${source.name}}`;
    if (source.from === "file") return `\${file:${source.path}}`;
    return `\${${source.kind}:${source.text}}`;
  }

  toJSON(): string {
    return this.describe();
  }

  toString(): string {
    return this.describe();
  }

  [inspect.custom](): string {
    return `SecretValue(${this.describe()})`;
  }
}

/** A literal that is no text but tells where the host finds it; only certificates and keys may be given so. */
export function isPathOnHost(literal: string): boolean {
  return /^\/[\w./-]+$/.test(literal);
}

/** What a secret must be once it is read: a password is one line (libpq's passfile), so is a key, which nobody may guess. */
export type SecretForm = "one line" | "key" | "PEM";

/** Characters that a key has at least: 64 bits in hexadecimal. */
const KEY_LENGTH = 16;

/** True when a secret's text has the form; what is told otherwise is `formRule`. */
export function hasForm(text: string, form: SecretForm): boolean {
  if (form === "PEM") return /^-----BEGIN [A-Z0-9 ]+-----$/m.test(text);
  return !/[\p{Cc}\p{Cs}]/u.test(text) && (form === "one line" || text.length >= KEY_LENGTH);
}

export const formRule = {
  "one line": "must be one line of text without control characters",
  key: `must be one line of ${KEY_LENGTH} characters or more, without control characters; openssl rand -hex 24 makes one`,
  PEM: "must be PEM (-----BEGIN …)",
} as const satisfies Record<SecretForm, string>;

const reference = /^\$\{(\w+):(.+)\}$/s;

/**
 * Reads a secret as it stands in the fleet file: `${env:NAME}`, `${file:PATH}`, a reference of a kind that a target has, or a
 * literal. Returns undefined for something that only looks like a reference.
 */
export function readSecret(value: unknown): SecretValue | undefined {
  if (typeof value === "number") return new SecretValue({ from: "literal", value: String(value) });
  if (typeof value !== "string" || value === "") return undefined;
  if (!value.startsWith("${")) return new SecretValue({ from: "literal", value });
  const [, from, rest] = reference.exec(value) ?? [];
  if (from === undefined || rest === undefined) return undefined;
  return readReference(from, rest);
}

function readReference(from: string, rest: string): SecretValue | undefined {
  if (from === "env") return /^\w+$/.test(rest) ? new SecretValue({ from, name: rest }) : undefined;
  if (from === "file") return new SecretValue({ from, path: rest });
  const words = secretKind(from)?.words(rest);
  return words && new SecretValue({ from: "host", kind: from, words, text: rest });
}
