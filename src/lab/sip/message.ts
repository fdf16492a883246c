import { SipHeaders, styled, type HeaderStyle } from "./headers.js";

interface Message {
  headers: SipHeaders;
  body: Buffer;
  /** How header names are written when the message is sent. */
  style?: HeaderStyle;
}

export interface SipRequest extends Message {
  kind: "request";
  method: string;
  uri: string;
}

export interface SipResponse extends Message {
  kind: "response";
  /** 100 to 699. */
  status: number;
  reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** The bytes are no SIP message; `text` is their beginning. */
export class MalformedMessage extends Error {}

const REQUEST_LINE = /^([A-Za-z0-9.!%*_+`'~-]+) (\S+) SIP\/2\.0$/i;
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i;
export const HEAD_END = "\r\n\r\n";

/** Reads one message that is complete in `bytes` (a datagram, or what the framing cut out of a stream). */
export function parseMessage(bytes: Buffer): SipMessage {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) throw new MalformedMessage(`no empty line in ${bytes.length} bytes`);
  const [startLine = "", ...lines] = unfold(bytes.toString("utf8", 0, end)).split("\r\n");
  const headers = new SipHeaders(lines.map(splitHeader));
  const body = bodyOf(headers, bytes.subarray(end + HEAD_END.length));
  const status = STATUS_LINE.exec(startLine);
  if (status) {
    return { kind: "response", status: Number(status[1]), reason: status[2] ?? "", headers, body };
  }
  const request = REQUEST_LINE.exec(startLine);
  if (!request?.[1] || !request[2]) throw new MalformedMessage(`start line: ${startLine.slice(0, 80)}`);
  return { kind: "request", method: request[1], uri: request[2], headers, body };
}

/** Writes a message. Content-Length is computed and comes last. */
export function serialise(message: SipMessage): Buffer {
  const style = message.style ?? "usual";
  let head = `${startLineOf(message)}\r\n`;
  for (const [name, value] of message.headers) head += `${styled(name, style)}: ${value}\r\n`;
  head += `${styled("Content-Length", style)}: ${message.body.length}\r\n\r\n`;
  return message.body.length === 0 ? Buffer.from(head) : Buffer.concat([Buffer.from(head), message.body]);
}

/** The value of Content-Length, or undefined when there is none. */
export function contentLength(headers: SipHeaders): number | undefined {
  const text = headers.get("Content-Length");
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new MalformedMessage(`Content-Length: ${text.slice(0, 40)}`);
  return Number(text);
}

/** Joins continuation lines to the header they continue (RFC 3261, 7.3.1). */
export function unfold(head: string): string {
  return head.includes("\r\n ") || head.includes("\r\n\t") ? head.replace(/\r\n[ \t]+/g, " ") : head;
}

export function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  if (colon < 1 || name === "") throw new MalformedMessage(`header: ${line.slice(0, 80)}`);
  return [name, line.slice(colon + 1).trim()];
}

/** In a datagram, bytes after Content-Length are ignored and too few are an error (RFC 3261, 18.3). */
function bodyOf(headers: SipHeaders, rest: Buffer): Buffer {
  const length = contentLength(headers) ?? rest.length;
  headers.delete("Content-Length");
  if (rest.length < length) throw new MalformedMessage(`body of ${rest.length} bytes, ${length} announced`);
  return rest.subarray(0, length);
}

function startLineOf(message: SipMessage): string {
  return message.kind === "request"
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
}
