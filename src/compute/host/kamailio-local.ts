import { effectiveAlgorithm } from "../../understand/algorithm.js";
import { expectedCalls } from "../../relay/capacity.js";
import { relayOf } from "../../relay/registry.js";
import { featureOf } from "../../relay/units.js";
import type { Database, Fleet, Host, ProxySettings } from "../../understand/fleet.js";
import { proxySettings } from "../../understand/settings/proxy.js";
import { generatedNote } from "../artefact.js";
import { renderTemplate } from "../template.js";
import { featuresOf, renderedTo } from "./rendered.js";

/** Kamailio's worker processes of each transport. A worker waits for the media relay's answer, so more than cores. */
export const fixedDefines = { UDP_WORKERS: 8, TCP_WORKERS: 8 } as const;

/**
 * Bytes. TCP_READ_BUFFER: shared memory of each connection. MESSAGE_LIMIT: longest accepted message; longer ones get 513. If a message
 * does not fit into the buffer, Kamailio closes the connection, and cannot answer. Kamailio 6 accepts at most 64 KB (globals.cfg).
 */
const messageDefines = { TCP_READ_BUFFER: 131_072, MESSAGE_LIMIT: 100_000 } as const;

/** The host's part of Kamailio's configuration: WITH_* features and values of defines. */
export function kamailioLocal(fleet: Fleet, host: Host, template: string): string {
  const { settings } = host;
  const relay = relayOf(fleet.image).kamailio(settings);
  return renderTemplate(template, {
    note: generatedNote(),
    features: features(fleet, host),
    defines: {
      ...renderedTo("define", proxySettings, settings),
      ...fixedDefines,
      ...messageDefines,
      ...relay.numbers,
      DBURL: databaseUrl(fleet.database),
      DISP_ROUTES: dispatcherRoutes(host, (set) => effectiveAlgorithm(host, set, fleet)),
      DISP_PROBE: dispatcherRoutes(host, () => firstByPriority),
      ...relay.strings,
    },
    substitutions: renderedTo("substitution", proxySettings, settings),
  });
}

/** Algorithm 8 (first by priority) reads a set without advancing round robin. */
const firstByPriority = 8;

function features({ image }: Fleet, { settings }: Host): string[] {
  return [
    featureOf(relayOf(image)),
    ...featuresOf(proxySettings, settings),
    ...(httpIsPrivate(settings) ? ["WITH_HTTP_PRIVATE"] : []),
  ];
}

/** Whether http_port listens on the private address. If only the host itself may use it, it listens on loopback. */
export function httpIsPrivate({ enable_jsonrpc, enable_metrics, http_allow }: ProxySettings): boolean {
  const serves = enable_jsonrpc || enable_metrics;
  return serves && !http_allow.every((network) => network.startsWith("127."));
}

/**
 * The database URL. It contains no password: libpq reads it from its passfile, which supports all characters. For an IPv6 address, which
 * Kamailio cannot parse, and for several servers, it contains no host: libpq reads these from its service file (connection.py).
 */
function databaseUrl({ dbhost, dbport, db_kam, dbuser_kam }: Database): string {
  if (dbhost.length > 1 || dbhost.join().includes(":")) return `postgres://${dbuser_kam}@/${db_kam}`;
  return `postgres://${dbuser_kam}@${dbhost.join()}:${dbport.join()}/${db_kam}`;
}

/** The rules for ds_select_routes, SET=ALGORITHM;…, in the order in which sets are tried. */
function dispatcherRoutes({ settings }: Host, algorithm: (set: number) => number): string {
  return settings.disp_set.map((set) => `${set}=${algorithm(set)}`).join(";");
}

/** Memory of a TCP connection in bytes: its buffer, and about 1 KB for the rest. */
const connectionBytes = messageDefines.TCP_READ_BUFFER + 2048;

/**
 * Kamailio's shared memory in MiB. tm keeps a transaction for 5 s after its end, so memory depends on the rate of calls: 512 MB were
 * enough for the signalling of 3,000 calls/s, 64 MB for 400. A current call needs some 5 KB more for its dialog, and a TCP connection
 * its buffer.
 */
export function sharedMemoryMiB({ settings }: Host): number {
  const bytes = expectedCalls(settings) * 5 * 1024 + settings.tcp_max_connections * connectionBytes;
  return 512 + Math.ceil(bytes / 1024 ** 2);
}
