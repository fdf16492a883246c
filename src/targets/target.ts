import type { LoadedList } from "../compute/dispatcher/diff.js";
import type { ComparedImage } from "../compute/image/diff.js";
import type { PackerBuilder, PackerPlugin } from "../compute/image/packer-builder.js";
import type { PackerDialect } from "../compute/image/packer-dialect.js";
import type { DnsTarget } from "../compute/dns/records.js";
import type { Fault } from "../understand/fault.js";
import type { Scalar } from "../compute/template.js";
import type { Fleet, Group, Host } from "../understand/fleet.js";
import type { Architecture } from "../understand/settings/architecture.js";
import type { Settings } from "../understand/settings/setting.js";
import type { Hosts } from "./hosts.js";
import type { Reached, Unreached } from "./reach.js";

/** The settings of a target in one section of the fleet file. */
export interface TargetSettings {
  /** Heading in the settings reference. */
  title: string;
  /** Description in the JSON Schema. */
  description: string;
  settings: Settings;
}

/** A kind of secret that hosts resolve themselves, `${KIND:TEXT}`. */
export interface SecretKind {
  /** The form of TEXT with all optional parts; shortForm: without them. */
  form: string;
  shortForm: string;
  /** TEXT as arguments of the host's fetch-secret; undefined if it is not a valid reference. */
  words: (text: string) => readonly string[] | undefined;
}

/** Features that only some targets have. The command line offers them for these targets. */
export type Feature =
  "promote" | "clean" | "groups" | "addresses" | "roles" | "loaded" | "reach" | "roll" | "check";

/**
 * A place where images are baked and hosts run. This part is pure, and every command loads it. `operations` has the effects; only
 * commands that need them load it (the AWS SDK takes a third of a second).
 */
export interface Target {
  /** The name of the place where hosts run: "this machine", "EC2". */
  noun: string;
  /** `image.targets.NAME`. */
  image: TargetSettings & {
    /** True: a fleet has images for this target only if its file has the section. */
    onRequest: boolean;
    /** Defaults for an architecture that replace those of the settings. */
    defaults?: (architecture: Architecture) => Record<string, unknown>;
  };
  /** `launch.NAME`. */
  launch: TargetSettings & {
    /** Defaults that come from the section for images. */
    defaults?: (
      image: Record<string, unknown> | undefined,
      architecture: Architecture,
    ) => Record<string, unknown>;
  };
  /** Its part of the section `group`, if it has groups. */
  group?: Omit<TargetSettings, "description"> & {
    /** Variables in host.env for the hosts of a group, in addition to settings with a variable. */
    variables: (fleet: Fleet, group: Group) => Record<string, Scalar>;
    /** Whether the instances maintain the A records of the fleet's domain themselves. */
    keepsRecords: (group: Group) => boolean;
  };
  rules: readonly ((fleet: Fleet) => Fault[])[];
  secretKinds: Record<string, SecretKind>;
  /** Limit for a host's user-data in bytes, before base64; absent: no limit. */
  userDataLimit?: number;
  /** What `terminate --release` releases, in words; absent: nothing. */
  releases?: string;
  packerPlugins: Record<string, PackerPlugin>;
  /** The builder in Packer's template; undefined if the fleet has no image for this target. */
  packerBuilder: (fleet: Fleet, dialect: PackerDialect) => PackerBuilder | undefined;
  /** The policy for the hosts' role, if hosts have roles. It needs no queries, so it is not part of the operations. */
  rolePolicy?: (fleet: Fleet, options: RolePolicyOptions) => Promise<RolePolicy>;
  /** Exporters of the fleet's group for other tools, by format. They need no queries, so they are not part of the operations. */
  exports?: Record<string, () => Promise<Exporter>>;
  features: readonly Feature[];
  operations: () => Promise<Operations>;
}

/** Writes a fleet's group as a document for another tool. */
export interface Exporter {
  /** Requirements for this format, in addition to the rules. */
  faults: (fleet: Fleet) => Fault[];
  document: (fleet: Fleet, group: Group, host: Host, userData: Buffer) => ExportedDocument;
}

export interface ExportedDocument {
  text: string;
  /** Notes about the document. */
  notes: readonly string[];
}

export interface RolePolicyOptions {
  /** True: the policy for those who run the commands; otherwise for hosts. */
  operator?: boolean;
  account?: string;
  region?: string;
  kmsKeys: readonly string[];
}

export interface RolePolicy {
  /** The policy as a JSON object. */
  policy: object;
  /** Warnings about the policy. */
  warnings: readonly string[];
  notes: readonly string[];
}

/** The effects of a target, for the commands. */
export interface Operations {
  /** Bakes an image unless the same one exists already, and prints the result. `file`: absolute path of the fleet file. */
  bake(fleet: Fleet, file: string, options: BakeOptions): Promise<void>;
  images(fleet: Fleet, options: RegionOptions): Promise<ListedImage[]>;
  /** Finds two images by their names; without names, the last two. */
  compared(fleet: Fleet, from?: string, to?: string): Promise<[ComparedImage, ComparedImage]>;
  /** Shows images that are no longer needed; deletes, disables or enables images on request. Returns their number. */
  prune(fleet: Fleet, keep: number, options: PruneOptions): Promise<number>;
  withHosts<T>(fleet: Fleet, needs: HostsNeeds, work: (hosts: Hosts) => Promise<T>): Promise<T>;
  /** Prints the state of hosts. Returns whether all are ready. */
  status(fleet: Fleet, hosts: readonly Host[], json: boolean): Promise<boolean>;
  /** The hosts, and instances of groups, on which scripts can be run. */
  reach?: (fleet: Fleet, hosts: readonly Host[]) => Promise<(Reached | Unreached)[]>;
  /** The dispatcher lists that reachable hosts have loaded. */
  loaded?: (fleet: Fleet, hosts: readonly Host[]) => Promise<LoadedList[]>;
  /** Publishes an image for launches. */
  promote?: (fleet: Fleet, image: string | undefined, options: DryRunOptions) => Promise<void>;
  /** Removes what killed bakes have left behind. */
  clean?: (fleet: Fleet, options: CleanOptions) => Promise<void>;
  /** The public addresses of hosts whose address in the fleet file is `auto`. */
  addresses?: (fleet: Fleet, hosts: readonly Host[]) => Promise<DnsTarget[]>;
  /** Checks a fleet file by queries to the target. */
  check?: (fleet: Fleet) => Promise<Fault[]>;
  groups?: Groups;
}

export interface DryRunOptions {
  dryRun?: boolean;
  json?: boolean;
}

export interface RegionOptions {
  /** For a target with regions: other regions to search, in addition to those in the fleet file. */
  region?: string[];
}

export interface CleanOptions extends DryRunOptions, RegionOptions {
  /** Also what a running bake may use. */
  all?: boolean;
}

export interface HostsNeeds extends DryRunOptions {
  /** Name of an image instead of the fleet's newest or promoted one. */
  image?: string;
}

export interface BakeOptions extends DryRunOptions {
  force?: boolean;
  /** For a local image: the system in which Packer's scripts run. */
  builder?: "auto" | "vm" | "container";
  /** A lock file: the bake installs the same packages. */
  locked?: string;
}

export interface PruneOptions extends DryRunOptions, RegionOptions {
  /** Without delete, disable or enable, only the plan is shown. */
  delete?: boolean;
  /** For AMIs: they can no longer be launched; `enable` undoes it. */
  disable?: boolean;
  enable?: boolean;
  /** Also disable those that other accounts may launch. */
  shared?: boolean;
}

/** An image in the output of `image list`. */
export interface ListedImage {
  target: string;
  /** Its identifier on the target: path, AMI id. */
  id: string;
  region: string;
  key: string;
  baked: string;
  kamailio: string;
  relay: string;
  os: string;
  architecture: string;
  size: string;
  notes: string;
}

export interface RollOptions extends DryRunOptions {
  wait: boolean;
  timeout: string;
  to?: string;
  /** Also replace instances with scale-in protection. */
  replaceProtected?: boolean;
  /** Terminate instances in Standby. */
  endStandby?: boolean;
}

export interface GroupApplyOptions extends DryRunOptions {
  /** For plan: exit with 3 if there are changes. */
  exitCode?: boolean;
  /** Adopt resources that have the group's names and no owner. */
  adopt?: boolean;
}

export interface GroupDeleteOptions extends DryRunOptions {
  force?: boolean;
  release?: boolean;
  timeout: string;
}

/** The options of the group commands. */
export interface GroupOptions {
  plan: GroupApplyOptions;
  apply: GroupApplyOptions;
  status: DryRunOptions;
  roll: RollOptions;
  rollback: RollOptions;
  delete: GroupDeleteOptions;
}

/** The group commands; each takes a fleet file. */
export type Groups = { [V in keyof GroupOptions]: (file: string, options: GroupOptions[V]) => Promise<void> };
