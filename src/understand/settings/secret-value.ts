import { inspect } from "node:util";
import { secretKind } from "../../targets/lookup.js";

/** The source of a secret. Literals, variables and files are read when user-data is rendered, all others on the host. */
export type SecretSource =
  | { from: "literal"; value: string }
  | { from: "env"; name: string }
  | { from: "file"; path: string }
  | HostSecret;

/** A secret that the host resolves: its kind, which a target defines, and the arguments for the host's fetch-secret. */
export interface HostSecret {
  from: "host";
  kind: string;
  words: readonly string[];
  /** The reference as it is written in the fleet file. */
  text: string;
}

/** A secret of the fleet file. Its value is never printed by inspect, JSON or string conversion. */
export class SecretValue {
  readonly #source: SecretSource;

  constructor(source: SecretSource) {
    this.#source = source;
  }

  get source(): SecretSource {
    return this.#source;
  }

  /** True if the host resolves the secret at boot with its role. User-data then contains only the reference. */
  get resolvedOnHost(): boolean {
    return this.#source.from === "host";
  }

  /** Its name in messages: the reference, or "a literal". */
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

/** Whether a literal is the path of a file on the host. Only certificates and keys may be given in this way. */
export function isPathOnHost(literal: string): boolean {
  return /^\/[\w./-]+$/.test(literal);
}

/** The form of a secret: "one line" for a password (libpq's passfile), "key" for one line that is hard to guess, or "PEM". */
export type SecretForm = "one line" | "key" | "PEM";

/** Least number of characters of a key: 64 bits in hexadecimal. */
const KEY_LENGTH = 16;

/** Whether a secret's text has the form; `formRule` has the message if not. */
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
 * Reads a secret of the fleet file: `${env:NAME}`, `${file:PATH}`, a reference of a kind that a target defines, or a
 * literal. Returns undefined for a text that looks like a reference but is not a valid one.
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
