import { createHash } from "node:crypto";

/** Fields that are shown only as size and digest: user-data, which may contain literal secrets, and secret strings. */
const hidden: ReadonlySet<string> = new Set(["UserData", "SecretString"]);

/** A request to show: without secrets, and without fields that are not set. */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    entries.map(([name, part]) => [
      name,
      hidden.has(name) && typeof part === "string" ? describe(part) : redacted(part),
    ]),
  );
}

function describe(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  return `(${bytes.length} bytes, sha256 ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)})`;
}

/** A call in the form of a dry run: its action, and its input as JSON. */
export function showCall({ action, input }: { action: string; input: unknown }): string {
  return `${action} ${JSON.stringify(redacted(input), null, 2)}\n`;
}
