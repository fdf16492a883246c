import type { ProxySettings } from "../understand/fleet.js";
import { silenceLimit } from "./capacity.js";
import { typeOfService } from "./type-of-service.js";
import { privateAddress, publicAddress, type MediaRelay } from "./media-relay.js";

/** Where rtpengine listens for the ng protocol: loopback, from which alone it can be spoken to. */
const control = "127.0.0.1:2223";

/** rtpengine (https://github.com/sipwise/rtpengine), Debian's package. It is threaded: one process serves all. */
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

/** Two logical interfaces on one address, of which the public one is known by another. */
function rtpengineArguments(settings: ProxySettings): string[] {
  return [
    // Debian's opens more ports, on localhost, and does not start where that is ::1 and IPv6 is off
    "--config-file=none",
    "--foreground",
    "--log-stderr",
    "--log-level=6",
    // what watches it asks every half second; two lines each time
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
    // whoever sends from the address that SDP says goes before others who send to the same port
    "--endpoint-learning=heuristic",
  ];
}

/**
 * The kernel is given a stream when its sender is known. Heuristic learning takes more than 3 s for that. Where the guard lets nobody but
 * trusted networks send, the first packet is enough; elsewhere whoever sprays the ports could be the first.
 */
function kernelArguments({ trusted }: ProxySettings): string[] {
  return [
    "--table=0",
    "--nftables-family=ip",
    ...(trusted.length > 0 ? ["--endpoint-learning=immediate"] : []),
  ];
}
