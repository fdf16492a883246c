import type { ProxySettings } from "../understand/fleet.js";
import type { MediaRelay, RelayInstance } from "./media-relay.js";

/** The name of an instance's unit. */
export function unitOf({ name }: MediaRelay, { number }: RelayInstance): string {
  return `${name}@${number}.service`;
}

/** The units of the relay that a host runs. */
export function relayUnits(relay: MediaRelay, settings: ProxySettings): string[] {
  return relay.instances(settings).map((instance) => unitOf(relay, instance));
}

/** The EnvironmentFile of an instance's unit, as a path relative to /. */
export function environmentFile({ name }: MediaRelay, { number }: RelayInstance): string {
  return `etc/sip-proxy/${name}-${number}.env`;
}

/** The feature of kamailio.cfg that selects the relay. */
export function featureOf({ name }: MediaRelay): string {
  return `WITH_${name.toUpperCase()}`;
}
