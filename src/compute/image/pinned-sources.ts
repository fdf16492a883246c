import { allRelays, relayOf, relays, type RelayName } from "../../relay/registry.js";
import type { Image } from "../../understand/fleet.js";
import type { SourceLocation } from "../../understand/settings/image.js";
import { kamailioOrigin } from "./kamailio-origin.js";

/** Software that can be built from source. */
export type SourceName = "kamailio" | RelayName;

export const isSourceName = (name: string): name is SourceName => name === "kamailio" || name in relays;

export type PinnedSource = SourceLocation | { git: string; ref: string };

/** Sources that an image is built from, each pinned (a local path is pinned by the checksum in the manifest). */
export type PinnedSources = Partial<Record<SourceName, PinnedSource>>;

const kamailioRepository = "https://github.com/kamailio/kamailio.git";

/** The sources to fetch before a bake; none for an image made only of packages. */
export function pinnedSources(image: Image): PinnedSources {
  const kamailio = kamailioOrigin(image.kamailio_version);
  const { source } = relayOf(image);
  return {
    ...(source === undefined ? {} : { [image.media_relay]: source.location(image) }),
    ...(kamailio.from === "source"
      ? { kamailio: image.kamailio_source ?? { git: kamailioRepository, ref: kamailio.version } }
      : {}),
  };
}

/** Data about software that is built from source. */
export interface Software {
  title: string;
  /** Debian packages that the build needs. The scripts in `packer` install the same ones if they build on a builder. */
  buildPackages: readonly string[];
  /** The setting that selects packages instead, if there is one. */
  alternative: string | undefined;
  /** Changes to the source before the build, in words. */
  changes: readonly string[];
}

const kamailio: Software = {
  title: "Kamailio",
  buildPackages: [
    "bison",
    "build-essential",
    "cmake",
    "flex",
    "libcurl4-openssl-dev",
    "libevent-dev",
    "libjansson-dev",
    "liblua5.1-0-dev",
    "libpcre2-dev",
    "libpq-dev",
    "libreadline-dev",
    "libssl-dev",
    "libunistring-dev",
    "libxml2-dev",
    "pkg-config",
  ],
  alternative: "kamailio_version: distro",
  changes: [],
};

export function softwareOf(name: SourceName): Software {
  if (name === "kamailio") return kamailio;
  const { title, source } = relays[name];
  const packaged = allRelays().find((relay) => relay.source === undefined);
  return {
    title,
    buildPackages: source?.buildPackages ?? [],
    changes: source?.changes ?? [],
    alternative: packaged && `media_relay: ${packaged.name}`,
  };
}
