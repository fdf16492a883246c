import type { databaseSettings } from "./settings/database.js";
import type { dnsZoneSettings } from "./settings/dns.js";
import type { groupSettings } from "./settings/group.js";
import type { imageEc2Settings, imageLocalSettings, imageSettings } from "./settings/image.js";
import type { launchEc2Settings, launchLocalSettings } from "./settings/launch.js";
import type { hostAddresses, proxySettings } from "./settings/proxy.js";
import type { recorderSettings } from "./settings/recorder.js";
import type { Values } from "./settings/setting.js";
import type { Path } from "./fault.js";

export type ProxySettings = Values<typeof proxySettings>;
export type Database = Values<typeof databaseSettings>;
export type LaunchEc2 = Values<typeof launchEc2Settings>;
export type LaunchLocal = Values<typeof launchLocalSettings>;
export type Group = Values<typeof groupSettings>;

export interface Image extends Values<typeof imageSettings> {
  targets: {
    local: Values<typeof imageLocalSettings>;
    /** Absent when the fleet file says nothing of EC2. */
    ec2: Values<typeof imageEc2Settings> | undefined;
  };
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
  launch: { local: LaunchLocal; ec2: LaunchEc2 };
}
