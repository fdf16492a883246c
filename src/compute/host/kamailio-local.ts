import { effectiveAlgorithm } from "../../understand/algorithm.js";
import { expectedCalls } from "../../relay/capacity.js";
import { relayOf } from "../../relay/registry.js";
import { featureOf } from "../../relay/units.js";
import type { Database, Fleet, Host } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";
import { renderTemplate } from "../template.js";

/** Kamailio's worker processes of each transport. A worker waits for the media relay's answer, so more than cores. */
const workers = 8;

/** The host's own part of Kamailio's configuration: WITH_* features and the values of kamailio.cfg's defines. */
export function kamailioLocal(fleet: Fleet, host: Host, template: string): string {
  const { settings } = host;
  const relay = relayOf(fleet.image).kamailio(settings);
  return renderTemplate(template, {
    note: generatedNote(),
    features: features(fleet, host),
    numbers: {
      SIP_UDP_PORT: settings.sip_udp_port,
      SIP_TCP_PORT: settings.sip_tcp_port,
      SIP_TLS_PORT: settings.sip_tls_port,
      SIP_PRIVATE_PORT: settings.sip_private_port,
      SIP_PRIVATE_TLS_PORT: settings.sip_private_tls_port,
      HTTP_PORT: settings.http_port,
      TCP_MAX_CONNECTIONS: settings.tcp_max_connections,
      TLS_MAX_CONNECTIONS: settings.tls_max_connections,
      TCP_CONNECTION_LIFETIME: settings.tcp_connection_lifetime,
      DEBUG_LEVEL: settings.debug_level,
      LOG_STDERROR: settings.log_stderror ? "yes" : "no",
      PIKE_SAMPLE_TIME: settings.pike_sample_time,
      PIKE_REQS_DENSITY: settings.pike_reqs_density,
      PIKE_REMOVE_LATENCY: settings.pike_remove_latency,
      UDP_WORKERS: workers,
      TCP_WORKERS: workers,
      ...relay.numbers,
    },
    strings: {
      DBURL: databaseUrl(fleet.database),
      DISP_ROUTES: dispatcherRoutes(host, (set) => effectiveAlgorithm(host, set, fleet)),
      DISP_PROBE: dispatcherRoutes(host, () => firstByPriority),
      ...relay.strings,
    },
    substitutions: { IPBAN_EXPIRE: settings.ipban_expire },
  });
}

/** Algorithm 8: looks at a set without moving the turn of round robin. */
const firstByPriority = 8;

function features(fleet: Fleet, { settings }: Host): string[] {
  const table: [string, boolean][] = [
    [featureOf(relayOf(fleet.image)), true],
    ["WITH_TRUSTED", settings.trusted.length > 0],
    ["WITH_ANTIFLOOD", settings.enable_antiflood],
    ["WITH_TLS", settings.enable_tls],
    ["WITH_NAT_KEEPALIVE", settings.enable_NAT_keepalive],
    ["WITH_REGISTRAR", settings.enable_registrar],
    ["WITH_JSONRPC", settings.enable_jsonrpc],
    ["WITH_METRICS", settings.enable_metrics],
    [
      "WITH_HTTP_PRIVATE",
      (settings.enable_jsonrpc || settings.enable_metrics) && !onlyLoopback(settings.http_allow),
    ],
    ["WITH_DEBUG", settings.enable_debug],
  ];
  return table.flatMap(([name, on]) => (on ? [name] : []));
}

/** Where nobody else may use it, nobody else can reach it. */
function onlyLoopback(networks: readonly string[]): boolean {
  return networks.every((network) => network.startsWith("127."));
}

/** No password stands in the URL: libpq takes it from its passfile, which copes with every character. */
function databaseUrl({ dbhost, dbport, db_kam, dbuser_kam }: Database): string {
  return `postgres://${dbuser_kam}@${dbhost}:${dbport}/${db_kam}`;
}

/** ds_select_routes' rules, SET=ALGORITHM;…, in the order in which the sets are tried. */
function dispatcherRoutes({ settings }: Host, algorithm: (set: number) => number): string {
  return settings.disp_set.map((set) => `${set}=${algorithm(set)}`).join(";");
}

/**
 * Kamailio's shared memory in MiB. tm keeps a transaction 5 s after its end, so memory follows the rate of calls: 512 MB
 * held 3,000 calls/s of signalling, 64 MB ended at 400. A dialog takes some 5 KB more while its call runs.
 */
export function sharedMemoryMiB({ settings }: Host): number {
  return 512 + Math.ceil((expectedCalls(settings) * 5) / 1024);
}
