import { inspect } from "node:util";

/** Where a secret comes from. Literals, environment and files are read when user-data is rendered; the others on the host. */
export type SecretSource =
  | { from: "literal"; value: string }
  | { from: "env"; name: string }
  | { from: "file"; path: string }
  | { from: "secretsmanager"; id: string; key?: string }
  | { from: "ssm"; id: string };

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
    return this.#source.from === "secretsmanager" || this.#source.from === "ssm";
  }

  /** How to speak of it in messages: the reference, or just "a literal". */
  describe(): string {
    const source = this.#source;
    if (source.from === "literal") return "a literal";
    if (source.from === "env") return `\${env:${source.name}}`;
    if (source.from === "file") return `\${file:${source.path}}`;
    if (source.from === "ssm") return `\${ssm:${source.id}}`;
    return `\${secretsmanager:${source.id}${source.key === undefined ? "" : `#${source.key}`}}`;
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

/** What a secret must be once it is read: a password is one line (libpq's passfile), a certificate or key is PEM. */
export type SecretForm = "one line" | "PEM";

/** True when a secret's text has the form; what is told otherwise is `formRule`. */
export function hasForm(text: string, form: SecretForm): boolean {
  return form === "PEM" ? /^-----BEGIN [A-Z0-9 ]+-----$/m.test(text) : !/\p{Cc}/u.test(text);
}

export const formRule = {
  "one line": "must be one line without control characters",
  PEM: "must be PEM (-----BEGIN …)",
} as const satisfies Record<SecretForm, string>;

const reference = /^\$\{(env|file|secretsmanager|ssm):(.+)\}$/s;

/**
 * Reads a secret as it stands in the fleet file: `${env:NAME}`, `${file:PATH}`, `${secretsmanager:NAME-OR-ARN#JSON-KEY}`,
 * `${ssm:/PARAMETER}`, or a literal. Returns undefined for something that only looks like a reference.
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
  // Names and ARNs of both services; what lands on the host is quoted as well.
  if (!/^[\w/+=.@:#-]+$/.test(rest)) return undefined;
  if (from === "ssm") return new SecretValue({ from, id: rest });
  const [id = "", key] = rest.split("#", 2);
  return new SecretValue({ from: "secretsmanager", id, ...(key === undefined ? {} : { key }) });
}
