import type { Fault } from "../understand/fault.js";
import type { Image, ProxySettings } from "../understand/fleet.js";
import type { SourceLocation } from "../understand/settings/image.js";

/** Placeholders for addresses. The host replaces them at every boot. */
export const privateAddress = "@PRIVATE_IP@";
export const publicAddress = "@PUBLIC_IP@";

/**
 * A media relay, with the data that this program and, through host.env, the host's scripts need. Other files are found by its name:
 * packer/relays/NAME.sh installs it, the unit NAME@.service runs the program NAME, and Kamailio, with its module NAME, includes
 * sip-proxy/media-NAME.cfg if WITH_NAME (in capitals) is defined.
 */
export interface MediaRelay {
  /** The value of `media_relay`. */
  name: string;
  /** Its name as its authors write it. */
  title: string;
  /** Its Debian packages; none if it is built from source. */
  packages: readonly string[];
  source?: RelaySource;
  /** The protocol of its control addresses, one that relay-control on the host supports. */
  protocol: string;
  /** How it forwards in the kernel, if it can. */
  kernel?: KernelForwarding;
  /** Number of sessions, as the relay counts them, for one SIPREC call of two streams. */
  sessionsPerCall: number;
  /**
   * Default of `calls_per_core`: SIPREC calls of two G.711 streams (100 packets per second) that one core relays, about the
   * lowest value that `npm run bench:media` measured with one process.
   */
  callsPerCore: number;
  /** The processes that a host runs. */
  instances: (settings: ProxySettings) => RelayInstance[];
  /** Its part of Kamailio's configuration, besides the feature with its name. */
  kamailio: (settings: ProxySettings) => RelayDefines;
}

/** Forwarding by a kernel module. The bake builds it (packer/relays/NAME.sh); the host loads it, or reports why it cannot. */
export interface KernelForwarding {
  module: string;
  /** Bases whose release of the relay does not support it. */
  notOn: readonly string[];
  /** More arguments for the relay's process, at the end; in the form of RelayInstance. */
  arguments: (settings: ProxySettings) => readonly string[];
}

/** One process of the relay. */
export interface RelayInstance {
  /** From 1; the unit is NAME@NUMBER.service. */
  number: number;
  /** `unix:PATH` or `udp:ADDRESS:PORT`. */
  control: string;
  /** Words that need no quoting for a shell or systemd: numbers, addresses and fixed text. */
  arguments: readonly string[];
}

/** Values for defines of kamailio.cfg, and lines for kamailio-relays.cfg, which the relay's part of kamailio.cfg imports. */
export interface RelayDefines {
  numbers?: Record<string, number>;
  strings?: Record<string, string>;
  lines?: readonly string[];
}

/** The source of a relay that is not a Debian package. */
export interface RelaySource {
  location: (image: Image) => SourceLocation;
  /** Faults of the settings for the source. */
  faults: (image: Image) => Fault[];
  /** Debian packages that the build needs (packer/build-NAME.sh). */
  buildPackages: readonly string[];
  /** Changes that build-NAME.sh makes, in words. */
  changes: readonly string[];
}
