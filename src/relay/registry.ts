import type { Image } from "../understand/fleet.js";
import type { MediaRelay } from "./media-relay.js";
import { rtpengine } from "./rtpengine.js";
import { rtpproxy } from "./rtpproxy.js";

/** All media relays that an image can have. */
export const relays = { rtpproxy, rtpengine };

export type RelayName = keyof typeof relays;

export const relayNames = () => Object.keys(relays) as RelayName[];

export const allRelays = (): MediaRelay[] => Object.values(relays);

export function relayOf({ media_relay }: Pick<Image, "media_relay">): MediaRelay {
  return relays[media_relay];
}
