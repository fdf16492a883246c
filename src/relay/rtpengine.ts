import type { ProxySettings } from "../understand/fleet.js";
import { silenceLimit } from "./capacity.js";
import { typeOfService } from "./type-of-service.js";
import { privateAddress, publicAddress, type MediaRelay } from "./media-relay.js";

/** The address for the ng protocol: on loopback, so that only the host itself can send commands. */
const control = "127.0.0.1:2223";

/** rtpengine (https://github.com/sipwise/rtpengine), from Debian's package. It is multithreaded: one process serves all calls. */
export const rtpengine: MediaRelay = {
  name: "rtpengine",
  title: "rtpengine",
  packages: ["rtpengine-daemon"],
  protocol: "ng",
  sessionsPerCall: 1,
  // 22.5 to 25.5 us a packet, 100 to 384 calls on 2 cores: 392 to 444 calls
  callsPerCore: 400,
  instances: (settings) => [
    { number: 1, control: `udp:${control}`, arguments: rtpengineArguments(settings) },
  ],
  kernel: {
    module: "xt_RTPENGINE",
    // rtpengine 10.5, which does not write the nftables rules itself
    notOn: ["debian-12"],
    arguments: kernelArguments,
  },
  kamailio: () => ({ strings: { RTPENGINE_SOCKET: `udp:${control}` } }),
};

/** Two logical interfaces on one address; the public one advertises the public address. */
function rtpengineArguments(settings: ProxySettings): string[] {
  return [
    // Debian's configuration opens more ports on localhost, and fails if localhost is ::1 and IPv6 is off
    "--config-file=none",
    "--foreground",
    "--log-stderr",
    "--log-level=6",
    // the host's checks send a command every half second, which would log two lines
    "--log-level-control=5",
    "--table=-1",
    `--interface=priv/${privateAddress}`,
    `--interface=pub/${privateAddress}!${publicAddress}`,
    `--listen-ng=${control}`,
    "--listen-cli=127.0.0.1:2224",
    `--port-min=${settings.rtp_start}`,
    `--port-max=${settings.rtp_stop}`,
    `--timeout=${silenceLimit}`,
    `--silent-timeout=${silenceLimit}`,
    "--final-timeout=0",
    "--delete-delay=0",
    `--tos=${typeOfService(settings)}`,
    // a sender with the address in SDP takes precedence over others that send to the same port
    "--endpoint-learning=heuristic",
  ];
}

/**
 * A stream moves to the kernel when its sender is known. Heuristic learning needs more than 3 s for that. If the guard allows only trusted
 * networks, the first packet is enough; otherwise an attacker that sends to all ports could be first.
 */
function kernelArguments({ trusted }: ProxySettings): string[] {
  return [
    "--table=0",
    "--nftables-family=ip",
    ...(trusted.length > 0 ? ["--endpoint-learning=immediate"] : []),
  ];
}
