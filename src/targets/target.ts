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

/** The settings of a target that stand in one section of the fleet file. */
export interface TargetSettings {
  /** Heading of the settings reference. */
  title: string;
  /** Description in the JSON Schema. */
  description: string;
  settings: Settings;
}

/** A kind of secret that hosts resolve themselves, `${KIND:TEXT}`. */
export interface SecretKind {
  /** How TEXT is written, with all that it may have, and at its shortest. */
  form: string;
  shortForm: string;
  /** TEXT as the words that the host's fetch-secret takes; undefined when it is no such reference. */
  words: (text: string) => readonly string[] | undefined;
}

/** What some targets have and others have not; the command line offers it where a target has it. */
export type Feature =
  "promote" | "clean" | "groups" | "addresses" | "roles" | "loaded" | "reach" | "roll" | "check";

/**
 * Where images are baked and hosts run. This part is pure, and is loaded with every command; `operations` has the effects, and is
 * loaded by the commands that need them (the AWS SDK takes a third of a second).
 */
export interface Target {
  /** The name of the place where hosts run: "this machine", "EC2". */
  noun: string;
  /** `image.targets.NAME`. */
  image: TargetSettings & {
    /** Images are baked there only for a fleet whose file has the section. */
    onRequest: boolean;
    /** Defaults that an image for these processors has instead of those of its settings. */
    defaults?: (architecture: Architecture) => Record<string, unknown>;
  };
  /** `launch.NAME`. */
  launch: TargetSettings & {
    /** What the section for images says for this one too. */
    defaults?: (
      image: Record<string, unknown> | undefined,
      architecture: Architecture,
    ) => Record<string, unknown>;
  };
  /** Its part of the section `group`, where it has groups. */
  group?: Omit<TargetSettings, "description"> & {
    /** What host.env has for the hosts of a group, beside the settings that name their variable. */
    variables: (fleet: Fleet, group: Group) => Record<string, Scalar>;
    /** The instances keep the A records of the fleet's domain themselves. */
    keepsRecords: (group: Group) => boolean;
  };
  rules: readonly ((fleet: Fleet) => Fault[])[];
  secretKinds: Record<string, SecretKind>;
  /** Bytes of user-data, before base64, that a host can be given; no limit when absent. */
  userDataLimit?: number;
  /** What `terminate --release` gives back there; nothing when absent. */
  releases?: string;
  packerPlugins: Record<string, PackerPlugin>;
  /** The builder of the Packer template; undefined when the fleet asks for no image there. */
  packerBuilder: (fleet: Fleet, dialect: PackerDialect) => PackerBuilder | undefined;
  /** The policy that the hosts' role needs, where hosts have roles. Asks nobody, so it needs no operations. */
  rolePolicy?: (fleet: Fleet, options: RolePolicyOptions) => Promise<RolePolicy>;
  /** Documents that other tools make the fleet's group from, by the format's name. They ask nobody, and need no operations. */
  exports?: Record<string, () => Promise<Exporter>>;
  features: readonly Feature[];
  operations: () => Promise<Operations>;
}

/** A fleet's group as a document of another tool. */
export interface Exporter {
  /** What a fleet needs beyond the rules before it can be written so. */
  faults: (fleet: Fleet) => Fault[];
  document: (fleet: Fleet, group: Group, host: Host, userData: Buffer) => ExportedDocument;
}

export interface ExportedDocument {
  text: string;
  /** What to know about it. */
  notes: readonly string[];
}

export interface RolePolicyOptions {
  /** Of whoever runs the commands, instead of the hosts. */
  operator?: boolean;
  account?: string;
  region?: string;
  kmsKeys: readonly string[];
}

export interface RolePolicy {
  /** As JSON. */
  policy: object;
  /** What to know about it. */
  warnings: readonly string[];
  notes: readonly string[];
}

/** What a target does for the commands. */
export interface Operations {
  /** Bakes unless the same image is there already, and tells what came of it. `file`: absolute path of the fleet file. */
  bake(fleet: Fleet, file: string, options: BakeOptions): Promise<void>;
  images(fleet: Fleet, options: RegionOptions): Promise<ListedImage[]>;
  /** Two images, found by their names; the last two when none is named. */
  compared(fleet: Fleet, from?: string, to?: string): Promise<[ComparedImage, ComparedImage]>;
  /** Shows which images nothing needs any more; removes, disables or enables them when asked to. Returns how many they are. */
  prune(fleet: Fleet, keep: number, options: PruneOptions): Promise<number>;
  withHosts<T>(fleet: Fleet, needs: HostsNeeds, work: (hosts: Hosts) => Promise<T>): Promise<T>;
  /** Prints how hosts are. True when all of them are ready. */
  status(fleet: Fleet, hosts: readonly Host[], json: boolean): Promise<boolean>;
  /** Those hosts, and instances of groups, on which programs can be run. */
  reach?: (fleet: Fleet, hosts: readonly Host[]) => Promise<(Reached | Unreached)[]>;
  /** What those hosts that can be asked have loaded. */
  loaded?: (fleet: Fleet, hosts: readonly Host[]) => Promise<LoadedList[]>;
  /** Publishes an image for launches. */
  promote?: (fleet: Fleet, image: string | undefined, options: DryRunOptions) => Promise<void>;
  /** Removes what bakes that were killed have left. */
  clean?: (fleet: Fleet, options: CleanOptions) => Promise<void>;
  /** The public addresses of hosts that the fleet file leaves to the target. */
  addresses?: (fleet: Fleet, hosts: readonly Host[]) => Promise<DnsTarget[]>;
  /** What the target, asked, says against a fleet file. */
  check?: (fleet: Fleet) => Promise<Fault[]>;
  groups?: Groups;
}

export interface DryRunOptions {
  dryRun?: boolean;
  json?: boolean;
}

export interface RegionOptions {
  /** Where a target has regions: look there too, besides those that the fleet file names. */
  region?: string[];
}

export interface CleanOptions extends DryRunOptions, RegionOptions {
  /** What a bake may still use too. */
  all?: boolean;
}

export interface HostsNeeds extends DryRunOptions {
  /** Name of an image instead of the fleet's newest or promoted one. */
  image?: string;
}

export interface BakeOptions extends DryRunOptions {
  force?: boolean;
  /** Of a local image: what Packer's scripts run in. */
  builder?: "auto" | "vm" | "container";
  /** A lock file, whose packages are made again. */
  locked?: string;
}

export interface PruneOptions extends DryRunOptions, RegionOptions {
  /** Without one of the three nothing but the plan is shown. */
  delete?: boolean;
  /** Of AMIs: nobody launches them any more, and `enable` undoes it. */
  disable?: boolean;
  enable?: boolean;
  /** Disable those too that others may launch. */
  shared?: boolean;
}

/** An image as `image list` shows it. */
export interface ListedImage {
  target: string;
  /** What the target knows it by: path, AMI id. */
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
  /** Replace instances that are protected from scale-in, too; else they stay as they are. */
  replaceProtected?: boolean;
  /** Terminate instances in Standby; else they stay as they are. */
  endStandby?: boolean;
}

export interface GroupApplyOptions extends DryRunOptions {
  /** Of a plan: exit 3 when there is something to change. */
  exitCode?: boolean;
  /** Take over what has the group's names, and nobody has marked. */
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

/** The group commands, each for a fleet file. */
export type Groups = { [V in keyof GroupOptions]: (file: string, options: GroupOptions[V]) => Promise<void> };
