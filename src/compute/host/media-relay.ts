import { expectedCalls, portsPerCall } from "../../understand/capacity.js";
import type { Fleet, Host, ProxySettings } from "../../understand/fleet.js";
import { generatedNote } from "../artefact.js";

/** One process of the media relay and the ports that are its alone. */
export interface RelayInstance {
  number: number;
  firstPort: number;
  lastPort: number;
}

/** RTPProxy is single-threaded where it counts: upstream's rule is 1,000 to 1,500 sessions (streams) an instance. */
const sessionsPerInstance = 1500;
const streamsPerCall = 2;

export const rtpproxySocket = (number: number) => `/run/rtpproxy/${number}.sock`;

/** Where rtpengine listens for the ng protocol: loopback, from which alone it can be spoken to. */
export const rtpengineControl = "127.0.0.1:2223";

/** As many instances as the expected calls need, each with an even share of the RTP range. */
export function relayInstances(settings: ProxySettings): RelayInstance[] {
  const { rtp_start, rtp_stop } = settings;
  const wanted = Math.ceil((expectedCalls(settings) * streamsPerCall) / sessionsPerInstance);
  const possible = Math.floor((rtp_stop - rtp_start + 1) / portsPerCall);
  const count = Math.max(1, Math.min(wanted, possible));
  // RTP takes even ports, so every share starts on one; and it holds whole calls, so that none finds half of its ports.
  const first = rtp_start + (rtp_start % 2);
  const share = Math.floor((rtp_stop - first + 1) / count / portsPerCall) * portsPerCall;
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    firstPort: first + index * share,
    lastPort: index === count - 1 ? rtp_stop : first + (index + 1) * share - 1,
  }));
}

/** Placeholders for addresses; they are filled in on the host, at every boot. */
export const privateAddress = "@PRIVATE_IP@";
export const publicAddress = "@PUBLIC_IP@";

/** How many units of the relay a host runs: rtpengine is threaded, one process serves all. */
export function relayUnits(fleet: Fleet, { settings }: Host): string[] {
  if (fleet.image.media_relay === "rtpengine") return ["rtpengine@1.service"];
  return relayInstances(settings).map(({ number }) => `rtpproxy@${number}.service`);
}

/**
 * RTPProxy's arguments. -F lets it run as any user, -T is the time without packets after which a session ends (long:
 * calls on hold send nothing), -W the same before the first answer; the control socket is a unix one, which nobody
 * outside the host can reach. Addresses towards either side are given by Kamailio with each call.
 */
export function rtpproxyArguments(instance: RelayInstance, settings: ProxySettings): string[] {
  return [
    "-f",
    "-F",
    ...["-l", privateAddress],
    ...["-m", String(instance.firstPort)],
    ...["-M", String(instance.lastPort)],
    ...["-s", `unix:${rtpproxySocket(instance.number)}`],
    ...["-T", String(settings.rtp_timeout)],
    ...["-W", "60"],
    ...["-d", "INFO:LOG_DAEMON"],
  ];
}

/** Kamailio's part: each instance of RTPProxy is a set of its own, so that a call stays with the one that has it. */
export function rtpproxySets(settings: ProxySettings): string {
  const sets = relayInstances(settings).map(
    ({ number }) => `modparam("rtpproxy", "rtpproxy_sock", "${number} == unix:${rtpproxySocket(number)}")`,
  );
  return [generatedNote(), ...sets, ""].join("\n");
}

/** rtpengine's arguments: two logical interfaces on one address, of which the public one is known by another. */
export function rtpengineArguments(settings: ProxySettings): string[] {
  return [
    // Debian's opens more ports, on localhost, and does not start where that is ::1 and IPv6 is off
    "--config-file=none",
    "--foreground",
    "--log-stderr",
    "--log-level=6",
    "--table=-1",
    `--interface=priv/${privateAddress}`,
    `--interface=pub/${privateAddress}!${publicAddress}`,
    `--listen-ng=${rtpengineControl}`,
    "--listen-cli=127.0.0.1:2224",
    `--port-min=${settings.rtp_start}`,
    `--port-max=${settings.rtp_stop}`,
    `--timeout=${settings.rtp_timeout}`,
    `--silent-timeout=${settings.rtp_timeout}`,
    "--final-timeout=0",
    "--delete-delay=0",
    // whoever sends from the address that SDP says goes before others who send to the same port
    "--endpoint-learning=heuristic",
  ];
}
