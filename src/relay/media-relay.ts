import type { Fault } from "../understand/fault.js";
import type { Image, ProxySettings } from "../understand/fleet.js";
import type { SourceLocation } from "../understand/settings/image.js";

/** Placeholders for addresses; they are filled in on the host, at every boot. */
export const privateAddress = "@PRIVATE_IP@";
export const publicAddress = "@PUBLIC_IP@";

/**
 * A media relay: what this program and, through host.env, the host's scripts know of it. Other files have its name:
 * packer/relays/NAME.sh installs it, the unit NAME@.service runs the program NAME, and Kamailio, with its module NAME, includes
 * sip-proxy/media-NAME.cfg where WITH_NAME (in capitals) is defined.
 */
export interface MediaRelay {
  /** The value of `media_relay`. */
  name: string;
  /** As its makers write it. */
  title: string;
  /** Debian's packages that hold it; none when it is built from source. */
  packages: readonly string[];
  source?: RelaySource;
  /** What the processes speak on their control addresses: a protocol of relay-control on the host. */
  protocol: string;
  /** How it forwards in the kernel, where it can. */
  kernel?: KernelForwarding;
  /** What the relay counts for one SIPREC call of two streams. */
  sessionsPerCall: number;
  /**
   * SIPREC calls of two G.711 streams, 100 packets a second, that one core relays where `calls_per_core` does not say it:
   * about the least that `npm run bench:media` measured with one process.
   */
  callsPerCore: number;
  /** The processes that a host runs. */
  instances: (settings: ProxySettings) => RelayInstance[];
  /** Kamailio's part, beside the feature that names the relay. */
  kamailio: (settings: ProxySettings) => RelayDefines;
}

/** Forwarding by a module of the kernel, which the bake builds (packer/relays/NAME.sh) and the host loads, or says why not. */
export interface KernelForwarding {
  module: string;
  /** Bases that have no release of the relay that can. */
  notOn: readonly string[];
  /** Further arguments of the relay's process, which come last; words as in RelayInstance. */
  arguments: (settings: ProxySettings) => readonly string[];
}

/** One process of the relay. */
export interface RelayInstance {
  /** From 1; the unit is NAME@NUMBER.service. */
  number: number;
  /** `unix:PATH` or `udp:ADDRESS:PORT`. */
  control: string;
  /** Words that a shell and systemd leave alone: numbers, addresses and fixed text. */
  arguments: readonly string[];
}

/** Values of kamailio.cfg's defines, and lines for kamailio-relays.cfg, which the relay's part of kamailio.cfg imports. */
export interface RelayDefines {
  numbers?: Record<string, number>;
  strings?: Record<string, string>;
  lines?: readonly string[];
}

/** Where the source of a relay comes from that Debian does not package. */
export interface RelaySource {
  location: (image: Image) => SourceLocation;
  /** What is wrong with the settings that say so. */
  faults: (image: Image) => Fault[];
  /** Debian's packages that building it takes (packer/build-NAME.sh). */
  buildPackages: readonly string[];
  /** What build-NAME.sh changes in it. */
  changes: readonly string[];
}
