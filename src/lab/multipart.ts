import { splitHeader, unfold } from "./sip/message.js";
import { SipHeaders } from "./sip/headers.js";
import { parseParams, unquote } from "./sip/params.js";

/** One part of a multipart body; header names are written as given. */
export interface Part {
  headers: [string, string][];
  body: string;
}

export interface Multipart {
  boundary: string;
  parts: Part[];
  /** Text before the first delimiter, which a reader ignores (RFC 2046, 5.1.1). */
  preamble?: string;
  /** Text after the last delimiter, ignored too. */
  epilogue?: string;
}

/** Writes a multipart body (RFC 2046, 5.1.1; RFC 5621 for SIP). */
export function writeMultipart({ boundary, parts, preamble, epilogue }: Multipart): string {
  const written = parts.map(({ headers, body }) => {
    const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `--${boundary}\r\n${head}\r\n${body}\r\n`;
  });
  const before = preamble === undefined ? "" : `${preamble}\r\n`;
  return `${before}${written.join("")}--${boundary}--\r\n${epilogue ?? ""}`;
}

/** Media type in lower case and parameters of a Content-Type value. */
export function parseContentType(value: string): { type: string; boundary: string | undefined } {
  const end = value.indexOf(";");
  const type = (end < 0 ? value : value.slice(0, end)).replaceAll(/\s/g, "").toLowerCase();
  const boundary = parseParams(end < 0 ? "" : value.slice(end)).get("boundary");
  return { type, boundary: boundary === undefined ? undefined : unquote(boundary) };
}

/** Reads a multipart body into its parts. */
export function parseMultipart(body: string, boundary: string): { headers: SipHeaders; body: string }[] {
  const delimiter = new RegExp(`(?:^|\\r\\n)--${escapeRegExp(boundary)}(--)?[ \\t]*(?:\\r\\n|$)`);
  const parts: { headers: SipHeaders; body: string }[] = [];
  let rest = body;
  for (let inside = false; ; inside = true) {
    const found = delimiter.exec(rest);
    if (!found) throw new Error(`multipart: no delimiter --${boundary}`);
    if (inside) parts.push(parsePart(rest.slice(0, found.index)));
    if (found[1] !== undefined) return parts;
    rest = rest.slice(found.index + found[0].length);
  }
}

/** The part of the given type in a message body that may be multipart, or be that type itself. */
export function partOfType(
  contentType: string | undefined,
  body: Buffer,
  wanted: string,
): string | undefined {
  if (contentType === undefined) return undefined;
  const { type, boundary } = parseContentType(contentType);
  if (type === wanted) return body.toString("utf8");
  if (!type.startsWith("multipart/") || boundary === undefined) return undefined;
  const parts = parseMultipart(body.toString("utf8"), boundary);
  return parts.find((part) => parseContentType(part.headers.get("Content-Type") ?? "").type === wanted)?.body;
}

function parsePart(text: string): { headers: SipHeaders; body: string } {
  const bare = text.startsWith("\r\n");
  const end = text.indexOf("\r\n\r\n");
  if (bare || end < 0) return { headers: new SipHeaders(), body: text.replace(/^\r\n/, "") };
  const lines = unfold(text.slice(0, end)).split("\r\n");
  return { headers: new SipHeaders(lines.map(splitHeader)), body: text.slice(end + 4) };
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
