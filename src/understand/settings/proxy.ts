import { dialogSettings } from "./dialogs.js";
import { dnsSettings } from "./dns.js";
import { firewallSettings } from "./firewall.js";
import { hostAdditions } from "./host-additions.js";
import { cidr, flag, integer, ipv4OrAuto, listOf, port } from "./types.js";
import { secret } from "./secret-kind.js";
import { optional, required, withDefault } from "./setting.js";

/** Settings of a SIP proxy: for the fleet (`settings`), the group or one host. The one closest to the host wins. */
const role = { role: true } as const;
const seconds = (min: number, max: number) => integer(min, max, { unit: "seconds" });

export const connectivity = {
  sip_udp_port: withDefault(port, 5080, "UDP port for SIP from the voice platform.", {
    role: true,
    define: "SIP_UDP_PORT",
    variable: "SIP_UDP_PORT",
  }),
  sip_tcp_port: withDefault(port, 5080, "TCP port for SIP from the voice platform.", {
    role: true,
    define: "SIP_TCP_PORT",
    variable: "SIP_TCP_PORT",
  }),
  sip_private_port: withDefault(
    port,
    5070,
    "UDP and TCP port of the listener for recorders, on the private address.",
    { define: "SIP_PRIVATE_PORT" },
  ),
  rtp_start: withDefault(integer(1024, 65534), 20000, "First UDP port for RTP.", role),
  rtp_stop: withDefault(integer(1025, 65535), 30000, "Last UDP port for RTP.", role),
  tcp_max_connections: withDefault(
    integer(1, 1_000_000),
    2048,
    "Largest number of TCP connections, including TLS; further connections are not accepted.",
    { role: true, define: "TCP_MAX_CONNECTIONS" },
  ),
  tcp_connection_lifetime: withDefault(
    seconds(5, 86400),
    3605,
    "Seconds after which an idle TCP connection is closed; connections without any request are closed within 20 s.",
    { role: true, define: "TCP_CONNECTION_LIFETIME" },
  ),
  enable_NAT_keepalive: withDefault(
    flag,
    false,
    "Send OPTIONS to peers behind NAT to keep their NAT bindings open, and answer and rewrite their OPTIONS.",
    { role: true, feature: "WITH_NAT_KEEPALIVE", aliases: ["enable_nat_keepalive"] },
  ),
  trusted: withDefault(
    listOf(cidr),
    [],
    "Networks of the voice platforms, which antiflood does not count. If set, calls from other addresses are not answered.",
    { feature: "WITH_TRUSTED" },
  ),
  ...firewallSettings,
  ...dialogSettings,
  enable_registrar: withDefault(
    flag,
    false,
    "Accept REGISTER from trusted networks; otherwise it is refused.",
    { feature: "WITH_REGISTRAR" },
  ),
};

export const media = {
  expected_calls: optional(
    integer(1, 100_000),
    "Largest expected number of simultaneous SIPREC calls on one host (two streams each). Sizes media relay instances, memory and file limits.",
    { variable: "EXPECTED_CALLS", defaultText: "as many as the RTP range has ports for" },
  ),
  calls_per_core: optional(
    integer(1, 10_000),
    "Number of SIPREC calls (two G.711 streams each) that one core can relay. Change it for codecs with another packet rate than 50 per second.",
    { defaultText: "300 with RTPProxy, 400 with rtpengine (measured)" },
  ),
  max_calls: optional(
    integer(1, 100_000),
    "Largest number of simultaneous calls on one host. A full host answers 503 to new calls and OPTIONS, so that the platform uses another proxy.",
    { variable: "MAX_CALLS", defaultText: "the limit of the host's ports and cores" },
  ),
  rtp_dscp: withDefault(
    integer(0, 63),
    46,
    "DSCP of RTP packets to both sides (46 is EF, expedited forwarding).",
  ),
  rtp_timeout: withDefault(
    seconds(60, 86400),
    14400,
    "Seconds without packets after which a call is checked with OPTIONS to both ends, and ended if neither answers; calls on hold continue.",
    { variable: "RTP_TIMEOUT" },
  ),
};

/** The role's README allows a partition before the set ("default:1"). Only OpenSIPS has partitions; Kamailio has none. */
const setId = integer(0, 2_147_483_647, {
  rule: "a set's number, or a list such as 1,2 (Kamailio has no partitions: leave out the name and the colon)",
});

export const loadBalancing = {
  disp_set: withDefault(
    listOf(setId),
    [1],
    "Dispatcher set from which recorders are selected. With a list (1,2), the next set is used when all recorders of the previous one are down. Sets apply to all calls of a proxy: a platform with separate recorders needs separate proxies.",
    role,
  ),
  disp_alg: optional(
    integer(0, 13),
    "Dispatcher algorithm: 4 round robin, 11 relative weights, 9 weights in percent, 0 Call-ID hash, 10 least loaded, 8 first by priority.",
    { role: true, defaultText: "11 for sets whose recorders have weights, else 4" },
  ),
  ds_ping_interval: withDefault(
    seconds(1, 10),
    2,
    "Seconds between OPTIONS to each recorder. After two failures in a row it gets no calls, after four answers it gets calls again.",
    { define: "DS_PING_INTERVAL" },
  ),
};

export const debug = {
  enable_debug: withDefault(flag, false, "Load Kamailio's debugger module (traces the routing script).", {
    role: true,
    feature: "WITH_DEBUG",
  }),
  debug_level: withDefault(integer(-5, 3), 2, "Log level: 3 DBG, 2 INFO, 1 NOTICE, 0 WARN, -1 ERR.", {
    role: true,
    define: "DEBUG_LEVEL",
  }),
  log_stderror: withDefault(flag, false, "Log to stderr (with systemd, to the journal) instead of syslog.", {
    role: true,
    define: "LOG_STDERROR",
  }),
  call_log_json: withDefault(flag, false, "Write log lines about calls (CALL) in JSON.", {
    feature: "WITH_CALL_LOG_JSON",
    variable: "CALL_LOG_JSON",
  }),
  enable_jsonrpc: withDefault(flag, false, "Serve Kamailio's JSON-RPC over HTTP at /RPC on http_port.", {
    role: true,
    feature: "WITH_JSONRPC",
  }),
  enable_metrics: withDefault(flag, false, "Serve Prometheus metrics at /metrics on http_port.", {
    feature: "WITH_METRICS",
    variable: "ENABLE_METRICS",
  }),
  http_port: withDefault(
    port,
    8090,
    "TCP port of JSON-RPC and metrics: on loopback, and on the private address if http_allow contains other networks.",
    { define: "HTTP_PORT" },
  ),
  http_allow: withDefault(
    listOf(cidr),
    ["127.0.0.1/32"],
    "Networks that can use JSON-RPC and metrics; other addresses get 403.",
  ),
};

export const tls = {
  enable_tls: withDefault(
    flag,
    false,
    "Listen for SIP over TLS on sip_tls_port, and use TLS to recorders whose siprec_protocol is tls.",
    { role: true, feature: "WITH_TLS", variable: "ENABLE_TLS" },
  ),
  tls_max_connections: withDefault(
    integer(1, 1_000_000),
    2048,
    "Largest number of TLS connections, at most tcp_max_connections.",
    { role: true, define: "TLS_MAX_CONNECTIONS" },
  ),
  sip_tls_port: withDefault(port, 5061, "TCP port for SIP over TLS from the voice platform.", {
    define: "SIP_TLS_PORT",
  }),
  sip_private_tls_port: withDefault(
    port,
    5071,
    "TCP port of the TLS listener for recorders (siprec_protocol: tls), on the private address.",
    { define: "SIP_PRIVATE_TLS_PORT" },
  ),
  tls_certificate: optional(
    secret,
    "Certificate chain (PEM): an absolute path on the host, ${file:…}, ${env:…} or a secret reference.",
    { defaultText: "self-signed, made at first boot" },
  ),
  tls_private_key: optional(secret, "Private key (PEM) of tls_certificate, in the same forms.", {
    secret: true,
  }),
  tls_ca: optional(
    secret,
    "CA certificates (PEM) that verify the certificates of recorders and platforms, in the same forms.",
    { defaultText: "recorders' certificates are not checked" },
  ),
};

export const antiflood = {
  enable_antiflood: withDefault(
    flag,
    true,
    "Ban source addresses that send too many requests (pike). Trusted networks and recorders are not counted.",
    { role: true, feature: "WITH_ANTIFLOOD", aliases: ["enable_anitflood"] },
  ),
  pike_sample_time: withDefault(seconds(1, 3600), 2, "Seconds over which requests are counted.", {
    role: true,
    define: "PIKE_SAMPLE_TIME",
  }),
  pike_reqs_density: withDefault(
    integer(1, 1_000_000),
    30,
    "Number of requests that one address may send within pike_sample_time.",
    { role: true, define: "PIKE_REQS_DENSITY" },
  ),
  pike_remove_latency: withDefault(
    seconds(1, 86400),
    120,
    "Seconds for which an address is kept in memory after its last request.",
    { role: true, define: "PIKE_REMOVE_LATENCY" },
  ),
  ipban_expire: withDefault(seconds(1, 604_800), 300, "Seconds for which a banned address stays banned.", {
    role: true,
    substitution: "IPBAN_EXPIRE",
  }),
};

export const operation = {
  dispatcher_poll: withDefault(
    seconds(1, 300),
    3,
    "Seconds between reads of the dispatcher table. Changes are applied within this time, those of `sip-proxy db seed` immediately.",
    { variable: "DISPATCHER_POLL" },
  ),
  drain_limit: withDefault(
    seconds(0, 172_800),
    14400,
    "Seconds for which stop, terminate and the termination of a group's instance wait for calls to end; after that, the remaining calls end.",
    { variable: "DRAIN_LIMIT" },
  ),
};

export const proxySettings = {
  ...connectivity,
  ...media,
  ...loadBalancing,
  ...debug,
  ...tls,
  ...antiflood,
  ...operation,
  ...hostAdditions,
  ...dnsSettings,
};

/** Addresses of a single host. Instances of a group get theirs from the metadata service. */
export const hostAddresses = {
  public_ip_address: required(
    ipv4OrAuto,
    "Public IPv4 address of the host, as the voice platform reaches it through the NAT gateway.",
    { role: true, variable: "PUBLIC_IP_ADDRESS" },
  ),
  private_ip_address: required(ipv4OrAuto, "Private IPv4 address of the host, on which it listens.", {
    role: true,
    variable: "PRIVATE_IP_ADDRESS",
  }),
};
