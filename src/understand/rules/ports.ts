import { callsInRange, portsPerCall } from "../../relay/capacity.js";
import type { Fault } from "../fault.js";
import type { Fleet, Host } from "../fleet.js";
import { placeOf } from "./place-of.js";

/** The port of the image's sshd. */
const SSH = 22;

export function rtpRangeAscends({ hosts }: Fleet): Fault[] {
  return hosts
    .filter(({ settings }) => settings.rtp_stop <= settings.rtp_start)
    .map((host) => ({
      path: placeOf(host, "rtp_stop", "rtp_start"),
      message: `must be greater than rtp_start (${host.settings.rtp_start}); got ${host.settings.rtp_stop}`,
    }));
}

export function rtpRangeHoldsExpectedCalls({ hosts }: Fleet): Fault[] {
  return hosts
    .flatMap((host) => beyondRange(host, "expected_calls"))
    .map(({ path, range, holds, enough }) => ({
      path,
      message: `must be at most ${holds}: ${range} has ports for ${holds} calls (${portsPerCall} for each)`,
      hint: enough,
    }));
}

/** The RTP range must have ports for max_calls: calls beyond it are refused even if max_calls is higher. */
export function rtpRangeHoldsMaxCalls({ hosts }: Fleet): Fault[] {
  return hosts
    .flatMap((host) => beyondRange(host, "max_calls"))
    .map(({ path, range, holds, enough }) => ({
      path,
      severity: "warning",
      message: `is more than ${range} has ports for: ${holds} calls of two streams (${portsPerCall} ports each). More calls get 503, but OPTIONS still get 200`,
      hint: `${enough}, if the host has the cores for as many calls`,
    }));
}

/** If the number of calls is larger than the RTP range allows: its place, and a range that is large enough. */
function beyondRange(host: Host, name: "expected_calls" | "max_calls") {
  const { [name]: calls, rtp_start, rtp_stop } = host.settings;
  const holds = callsInRange(host.settings);
  if (calls === undefined || rtp_stop <= rtp_start || calls <= holds) return [];
  return [
    {
      path: placeOf(host, name),
      range: `the range ${rtp_start}-${rtp_stop}`,
      holds,
      enough: `set rtp_stop to ${rtp_start + calls * portsPerCall - 1} or more`,
    },
  ];
}

/** SIP listeners of one transport must have different ports, outside the RTP range. */
export function listenersDoNotOverlap({ hosts }: Fleet): Fault[] {
  return hosts.flatMap((host) => [
    ...clashes(host, ["sip_udp_port", "sip_private_port"]),
    ...clashes(host, tcpPorts(host)),
    ...tcpPorts(host)
      .filter((name) => host.settings[name] === SSH)
      .map((name) => ({ path: placeOf(host, name), message: `must not be ${SSH}, the port of SSH` })),
    ...(["sip_udp_port", "sip_private_port"] as const)
      .filter((name) => inRtpRange(host, host.settings[name]))
      .map((name) => ({
        path: placeOf(host, name, "rtp_start", "rtp_stop"),
        message: `${name} must be outside the RTP range ${host.settings.rtp_start}-${host.settings.rtp_stop}; got ${host.settings[name]}`,
      })),
  ]);
}

type PortName =
  | "sip_udp_port"
  | "sip_tcp_port"
  | "sip_private_port"
  | "sip_tls_port"
  | "sip_private_tls_port"
  | "http_port";

function tcpPorts({ settings }: Host): PortName[] {
  return [
    "sip_tcp_port",
    "sip_private_port",
    ...(settings.enable_tls ? (["sip_tls_port", "sip_private_tls_port"] as const) : []),
    ...(settings.enable_jsonrpc || settings.enable_metrics ? (["http_port"] as const) : []),
  ];
}

function clashes(host: Host, names: readonly PortName[]): Fault[] {
  return names.flatMap((name, index) => {
    const twin = names.slice(0, index).find((other) => host.settings[other] === host.settings[name]);
    if (!twin) return [];
    const path = placeOf(host, name, twin);
    const other = path.at(-1) === twin ? name : twin;
    return [{ path, message: `must differ from ${other}; both are ${host.settings[name]}` }];
  });
}

function inRtpRange({ settings }: Host, port: number): boolean {
  return port >= settings.rtp_start && port <= settings.rtp_stop;
}

export function tlsConnectionsFit({ hosts }: Fleet): Fault[] {
  return hosts
    .filter(
      ({ settings }) => settings.enable_tls && settings.tls_max_connections > settings.tcp_max_connections,
    )
    .map((host) => ({
      path: placeOf(host, "tls_max_connections", "tcp_max_connections"),
      message: `must be at most tcp_max_connections (${host.settings.tcp_max_connections}); got ${host.settings.tls_max_connections}`,
    }));
}
