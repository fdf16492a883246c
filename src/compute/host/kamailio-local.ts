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
 * Bytes: TCP_READ_BUFFER is what each connection holds of shared memory, MESSAGE_LIMIT the longest message that is taken. Longer
 * ones are answered 513; one that does not fit the buffer closes its connection, and Kamailio cannot answer it. Kamailio 6 takes
 * 64 KB at most (globals.cfg).
 */
const messageDefines = { TCP_READ_BUFFER: 131_072, MESSAGE_LIMIT: 100_000 } as const;

/** The host's own part of Kamailio's configuration: WITH_* features and the values of kamailio.cfg's defines. */
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

/** Algorithm 8: looks at a set without moving the turn of round robin. */
const firstByPriority = 8;

function features({ image }: Fleet, { settings }: Host): string[] {
  return [
    featureOf(relayOf(image)),
    ...featuresOf(proxySettings, settings),
    ...(httpIsPrivate(settings) ? ["WITH_HTTP_PRIVATE"] : []),
  ];
}

/** Whether http_port is open on the private address: where nobody else may use it, nobody else can reach it. */
export function httpIsPrivate({ enable_jsonrpc, enable_metrics, http_allow }: ProxySettings): boolean {
  const serves = enable_jsonrpc || enable_metrics;
  return serves && !http_allow.every((network) => network.startsWith("127."));
}

/**
 * No password stands in the URL: libpq takes it from its passfile, which copes with every character. Nor does an IPv6 address, which
 * Kamailio cannot read there, nor a list: where no host is named, libpq takes those of its service file (connection.py).
 */
function databaseUrl({ dbhost, dbport, db_kam, dbuser_kam }: Database): string {
  if (dbhost.length > 1 || dbhost.join().includes(":")) return `postgres://${dbuser_kam}@/${db_kam}`;
  return `postgres://${dbuser_kam}@${dbhost.join()}:${dbport.join()}/${db_kam}`;
}

/** ds_select_routes' rules, SET=ALGORITHM;…, in the order in which the sets are tried. */
function dispatcherRoutes({ settings }: Host, algorithm: (set: number) => number): string {
  return settings.disp_set.map((set) => `${set}=${algorithm(set)}`).join(";");
}

/** A TCP connection's share of memory beside its buffer: it is of some 1 KB. */
const connectionBytes = messageDefines.TCP_READ_BUFFER + 2048;

/**
 * Kamailio's shared memory in MiB. tm keeps a transaction 5 s after its end, so memory follows the rate of calls: 512 MB
 * held 3,000 calls/s of signalling, 64 MB ended at 400. A dialog takes some 5 KB more while its call runs, and a TCP connection its
 * buffer.
 */
export function sharedMemoryMiB({ settings }: Host): number {
  const bytes = expectedCalls(settings) * 5 * 1024 + settings.tcp_max_connections * connectionBytes;
  return 512 + Math.ceil(bytes / 1024 ** 2);
}
