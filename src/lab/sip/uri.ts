import { isIP } from "node:net";
import { formatParams, parseParams, type Params } from "./params.js";

export type Transport = "udp" | "tcp" | "tls";

/** A target: a numeric address, a port (1 to 65535) and a transport. */
export interface Hop {
  transport: Transport;
  address: string;
  port: number;
}

/** A SIP or SIPS URI (RFC 3261, 19.1). URI headers (`?…`) are kept as they were. */
export interface SipUri {
  scheme: "sip" | "sips";
  user?: string;
  host: string;
  port?: number;
  params: Params;
  headers?: string;
}

const URI = /^(sips?):(?:([^@]*)@)?(\[[^\]]+\]|[^;:?]+)(?::(\d+))?(;[^?]*)?(?:\?(.*))?$/i;

export function parseUri(text: string): SipUri {
  const match = URI.exec(text.trim());
  if (!match?.[1] || !match[3]) throw new Error(`not a SIP URI: ${text.slice(0, 80)}`);
  const [, scheme, user, host, port, params, headers] = match;
  return {
    scheme: scheme.toLowerCase() === "sips" ? "sips" : "sip",
    ...(user === undefined ? {} : { user }),
    host,
    ...(port === undefined ? {} : { port: Number(port) }),
    params: parseParams(params ?? ""),
    ...(headers === undefined ? {} : { headers }),
  };
}

export function formatUri(uri: SipUri): string {
  const user = uri.user === undefined ? "" : `${uri.user}@`;
  const port = uri.port === undefined ? "" : `:${uri.port}`;
  const headers = uri.headers === undefined ? "" : `?${uri.headers}`;
  return `${uri.scheme}:${user}${uri.host}${port}${formatParams(uri.params)}${headers}`;
}

/** The hop of a URI (RFC 3263 without DNS: the lab uses only numeric addresses). */
export function hopOf(text: string): Hop {
  const uri = parseUri(text);
  const address = uri.params.get("maddr") ?? uri.host;
  if (isIP(address) === 0) throw new Error(`no numeric address in ${text}: the lab asks no DNS`);
  const transport = uri.scheme === "sips" ? "tls" : (uri.params.get("transport") ?? "udp").toLowerCase();
  if (transport !== "udp" && transport !== "tcp" && transport !== "tls") {
    throw new Error(`transport ${transport} of ${text} is not spoken here`);
  }
  return { transport, address, port: uri.port ?? (transport === "tls" ? 5061 : 5060) };
}

/** `udp:192.0.2.1:5060`, the form in which events and reports name a hop. */
export function formatHop(hop: Hop): string {
  return `${hop.transport}:${hop.address}:${hop.port}`;
}
