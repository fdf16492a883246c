import type { groupSettings } from "../targets/groups.js";
import type { targets } from "../targets/registry.js";
import type { databaseSettings } from "./settings/database.js";
import type { dnsZoneSettings } from "./settings/dns.js";
import type { imageSettings } from "./settings/image.js";
import type { hostAddresses, proxySettings } from "./settings/proxy.js";
import type { recorderSettings } from "./settings/recorder.js";
import type { Values } from "./settings/setting.js";
import type { Path } from "./fault.js";

export type ProxySettings = Values<typeof proxySettings>;
export type Database = Values<typeof databaseSettings>;
type GroupValues = Values<typeof groupSettings>;
/** An interface, since what it has comes from the targets, whose own types name it. */
export interface Group extends GroupValues {
  name: string;
}

type Targets = typeof targets;

/** What `image.targets` says for each target; absent where images are made on request, and the fleet file has none. */
export type ImageTargets = {
  [N in keyof Targets]:
    | Values<Targets[N]["image"]["settings"]>
    | (Targets[N]["image"]["onRequest"] extends true ? undefined : never);
};

/** What `launch` says for each target. */
export type Launch = { [N in keyof Targets]: Values<Targets[N]["launch"]["settings"]> };

export interface Image extends Values<typeof imageSettings> {
  targets: ImageTargets;
}

/** One row of the dispatcher table in the making. */
export interface Recorder extends Values<typeof recorderSettings> {
  name: string;
}

/** What one user-data is made for: a single host, or a group whose instances are all alike. */
export interface Host extends Values<typeof hostAddresses> {
  name: string;
  kind: "proxy" | "group";
  /** Where it stands in the fleet file, for faults that rendering finds. */
  path: Path;
  settings: ProxySettings;
  /** Where each setting that was given stands: on the host, its group or the fleet. */
  origins: ReadonlyMap<string, Path>;
}

/** The fleet file, understood: defaults applied, layers merged, every rule held. */
export interface Fleet {
  name: string;
  /** Orders seeds: a dispatcher seed of a lower generation never replaces one of a higher. */
  generation: number;
  image: Image;
  database: Database;
  hosts: Host[];
  /** Present when the fleet has an autoscaling group; its host is the one of kind "group". */
  group: Group | undefined;
  dns: Values<typeof dnsZoneSettings>;
  recorders: Recorder[];
  launch: Launch;
}
