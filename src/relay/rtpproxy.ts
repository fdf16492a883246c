import type { Fault } from "../understand/fault.js";
import type { Image, ProxySettings } from "../understand/fleet.js";
import type { SourceLocation } from "../understand/settings/image.js";
import { expectedCalls, portsPerCall, silenceLimit, streamsPerCall } from "./capacity.js";
import { privateAddress, type MediaRelay } from "./media-relay.js";
import { knownRtpproxyReleases } from "./rtpproxy-releases.js";
import { typeOfService } from "./type-of-service.js";

/** RTPProxy (https://www.rtpproxy.org), built from source, because Debian has no package. Its protocol on the host: lib/sip-proxy/rtpproxy.py. */
export const rtpproxy: MediaRelay = {
  name: "rtpproxy",
  title: "RTPProxy",
  packages: [],
  source: {
    location: ({ rtpproxy_source, rtpproxy_version }) => rtpproxy_source ?? rtpproxyRelease(rtpproxy_version),
    faults: isPinned,
    buildPackages: ["build-essential", "pkg-config", "libssl-dev"],
    changes: [
      "src/rtpp_command.c: after a session is deleted, RTPProxy's threads are woken, so that its ports are free at once",
    ],
  },
  protocol: "rtpproxy",
  sessionsPerCall: streamsPerCall,
  // 25.8 to 28.2 us a packet with one instance, 26.2 to 35.9 with two, 100 to 384 calls on 2 cores: 279 to 388 calls
  callsPerCore: 300,
  instances: (settings) =>
    portShares(settings).map((share) => ({
      number: share.number,
      control: control(share.number),
      arguments: rtpproxyArguments(share, settings),
    })),
  kamailio: (settings) => {
    const numbers = portShares(settings).map(({ number }) => number);
    return {
      numbers: { RTPPROXY_INSTANCES: numbers.length, RTPPROXY_CONTROL_PORT: controlPort },
      // each instance is a separate set, so that a call stays with its instance
      lines: numbers.map(
        (number) => `modparam("rtpproxy", "rtpproxy_sock", "${number} == ${control(number)}")`,
      ),
    };
  },
};

/** Instance N takes commands at this port plus N. */
const controlPort = 7721;

/**
 * The control address of an instance. Not a Unix socket: Kamailio reads from it without a timeout, so an instance that hangs would block
 * Kamailio's workers. On loopback, so that only the host itself can send commands; RTP uses another address.
 */
const control = (number: number) => `udp:127.0.0.1:${controlPort + number}`;

const repository = "https://github.com/sippy/rtpproxy.git";

/** The source of a known release. */
export function rtpproxyRelease(version: string): SourceLocation {
  const commit = knownRtpproxyReleases[version];
  if (commit === undefined) throw new Error(`RTPProxy ${version} is not pinned`);
  return { git: repository, commit };
}

function isPinned({ rtpproxy_source, rtpproxy_version }: Image): Fault[] {
  const known = Object.keys(knownRtpproxyReleases);
  if (rtpproxy_source || known.includes(rtpproxy_version)) return [];
  return [
    {
      path: ["image", "rtpproxy_version"],
      message: `must be a release with a known commit (${known.join(", ")}), or be given with rtpproxy_source`,
      hint: `add rtpproxy_source: { git: ${repository}, commit: 40 hex digits }`,
    },
  ];
}

/** An instance with its own range of ports. */
export interface PortShare {
  number: number;
  firstPort: number;
  lastPort: number;
}

/**
 * The instances that the expected calls need, each with an equal share of the RTP range. An instance relays in a single thread, so it has
 * the capacity of one core. (Upstream's rule: 1,000 to 1,500 sessions, that is streams.)
 */
export function portShares(settings: ProxySettings): PortShare[] {
  const { rtp_start, rtp_stop, calls_per_core = rtpproxy.callsPerCore } = settings;
  const wanted = Math.ceil(expectedCalls(settings) / calls_per_core);
  const possible = Math.floor((rtp_stop - rtp_start + 1) / portsPerCall);
  const count = Math.max(1, Math.min(wanted, possible));
  // RTP uses even ports, so every share starts with one. A share has ports for whole calls, so that no call gets only some of its ports.
  const first = rtp_start + (rtp_start % 2);
  const share = Math.floor((rtp_stop - first + 1) / count / portsPerCall) * portsPerCall;
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    firstPort: first + index * share,
    lastPort: index === count - 1 ? rtp_stop : first + (index + 1) * share - 1,
  }));
}

/**
 * -F: run as any user. -T: a session ends after this time without packets. -W: the same before the first answer (recorders are tried
 * for 6 s in total). Kamailio sends the addresses of both sides with each call.
 */
function rtpproxyArguments({ number, firstPort, lastPort }: PortShare, settings: ProxySettings): string[] {
  return [
    "-f",
    "-F",
    ...["-l", privateAddress],
    ...["-m", String(firstPort)],
    ...["-M", String(lastPort)],
    ...["-s", control(number)],
    ...["-T", String(silenceLimit)],
    ...["-W", "30"],
    ...["-t", String(typeOfService(settings))],
    ...["-d", "INFO:LOG_DAEMON"],
  ];
}
