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
/** An interface instead of a type alias: its fields come from the targets, whose types refer to it. */
export interface Group extends GroupValues {
  name: string;
}

type Targets = typeof targets;

/** The settings of `image.targets`; a target that needs no such section is absent if the fleet file has none for it. */
export type ImageTargets = {
  [N in keyof Targets]:
    | Values<Targets[N]["image"]["settings"]>
    | (Targets[N]["image"]["onRequest"] extends true ? undefined : never);
};

/** The settings of `launch`, by target. */
export type Launch = { [N in keyof Targets]: Values<Targets[N]["launch"]["settings"]> };

export interface Image extends Values<typeof imageSettings> {
  targets: ImageTargets;
}

/** A recorder, which becomes one row of the dispatcher table. */
export interface Recorder extends Values<typeof recorderSettings> {
  name: string;
}

/** What one user-data belongs to: a single host, or a group, whose instances are all alike. */
export interface Host extends Values<typeof hostAddresses> {
  name: string;
  kind: "proxy" | "group";
  /** Its place in the fleet file, for faults that rendering finds. */
  path: Path;
  settings: ProxySettings;
  /** The place of each setting that the file has: on the host, its group or the fleet. */
  origins: ReadonlyMap<string, Path>;
}

/** The content of a fleet file, with defaults applied, layers merged and every rule checked. */
export interface Fleet {
  name: string;
  /** A dispatcher seed never replaces one of a higher generation. */
  generation: number;
  image: Image;
  database: Database;
  hosts: Host[];
  /** Present if the fleet has an autoscaling group; `hosts` has its host, of kind "group". */
  group: Group | undefined;
  dns: Values<typeof dnsZoneSettings>;
  recorders: Recorder[];
  launch: Launch;
}
