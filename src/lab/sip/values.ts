import { formatParams, parseParams, splitOutside, type Params } from "./params.js";
import type { Transport } from "./uri.js";

/** `"Display" <uri>;params` of From, To, Contact, Route and Record-Route (RFC 3261, 20.10). */
export interface NameAddr {
  display?: string;
  uri: string;
  params: Params;
}

export function parseNameAddr(text: string): NameAddr {
  const open = indexOutsideQuotes(text, "<");
  if (open < 0) {
    // The addr-spec form: parameters belong to the header, not to the URI (RFC 3261, 20.10).
    const end = text.indexOf(";");
    const uri = (end < 0 ? text : text.slice(0, end)).trim();
    return { uri, params: parseParams(end < 0 ? "" : text.slice(end)) };
  }
  const close = text.indexOf(">", open);
  if (close < 0) throw new Error(`no ">" in ${text.slice(0, 80)}`);
  const display = text.slice(0, open).trim();
  const rest = { uri: text.slice(open + 1, close).trim(), params: parseParams(text.slice(close + 1)) };
  return display === "" ? rest : { display, ...rest };
}

export function formatNameAddr(value: NameAddr): string {
  const display = value.display === undefined ? "" : `${value.display} `;
  return `${display}<${value.uri}>${formatParams(value.params)}`;
}

/** One Via value (RFC 3261, 20.42). */
export interface Via {
  transport: Uppercase<Transport>;
  host: string;
  port?: number;
  params: Params;
}

const VIA = /^SIP\s*\/\s*2\.0\s*\/\s*(UDP|TCP|TLS)\s+(\[[^\]]+\]|[^\s;:]+)(?:\s*:\s*(\d+))?\s*(;.*)?$/is;

export function parseVia(text: string): Via {
  const match = VIA.exec(text.trim());
  if (!match?.[1] || !match[2]) throw new Error(`not a Via: ${text.slice(0, 80)}`);
  return {
    transport: match[1].toUpperCase() as Uppercase<Transport>,
    host: match[2],
    ...(match[3] === undefined ? {} : { port: Number(match[3]) }),
    params: parseParams(match[4] ?? ""),
  };
}

export function formatVia(via: Via): string {
  const port = via.port === undefined ? "" : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.host}${port}${formatParams(via.params)}`;
}

export interface CSeq {
  number: number;
  method: string;
}

export function parseCSeq(text: string | undefined): CSeq {
  const match = /^\s*(\d+)\s+(\S+)\s*$/.exec(text ?? "");
  if (!match?.[2]) throw new Error(`not a CSeq: ${text ?? "(none)"}`);
  return { number: Number(match[1]), method: match[2] };
}

/** Splits a comma-separated header value, honouring quotes and `<…>`. */
export function splitList(text: string): string[] {
  return splitOutside(text, ",", true);
}

function indexOutsideQuotes(text: string, wanted: string): number {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === "\\") i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === wanted) return i;
  }
  return -1;
}
