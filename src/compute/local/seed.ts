/** cloud-init's NoCloud seed: the three files of the disk labelled "cidata". */
export interface Seed {
  metaData: MetaData;
  /** In the same form as for EC2: text, or gzip. */
  userData: string | Uint8Array;
  network: readonly NicConfig[];
}

export interface MetaData {
  /** With a new value, cloud-init runs its per-instance modules again. */
  instanceId: string;
  hostname: string;
  /** OpenSSH public keys for the distribution's default user ("debian"). */
  publicKeys: readonly string[];
}

/** The configuration of one network interface, which is identified by MAC address or name. */
export type NicConfig = ({ mac: string } | { interface: string }) & NicAddresses;

export interface NicAddresses {
  /** Addresses with prefix length; none: DHCP. */
  addresses?: readonly string[];
  gateway?: string;
  nameservers?: readonly string[];
  routes?: readonly { to: string; via: string }[];
}

export const SEED_LABEL = "cidata";

/**
 * The seed's files by name. They are JSON, which is valid YAML: in YAML without quotes, cloud-init's YAML 1.1 parser could read a MAC
 * address as a number in base 60.
 */
export function seedFiles(seed: Seed): Record<string, string | Uint8Array> {
  return {
    "meta-data": json(metaData(seed.metaData)),
    "network-config": json(networkConfig(seed.network)),
    "user-data": seed.userData,
  };
}

export function metaData(given: MetaData): Record<string, unknown> {
  return {
    "instance-id": given.instanceId,
    "local-hostname": given.hostname,
    "public-keys": [...given.publicKeys],
  };
}

/** Network configuration, version 2. */
export function networkConfig(nics: readonly NicConfig[]): Record<string, unknown> {
  const ethernets = Object.fromEntries(
    nics.map((nic, index) => ["interface" in nic ? nic.interface : `nic${index}`, ethernet(nic)]),
  );
  return { version: 2, ethernets };
}

function ethernet(nic: NicConfig): Record<string, unknown> {
  const routes = [
    ...(nic.gateway === undefined
      ? []
      : [{ to: nic.gateway.includes(":") ? "::/0" : "0.0.0.0/0", via: nic.gateway }]),
    ...(nic.routes ?? []),
  ];
  return {
    ...("mac" in nic ? { match: { macaddress: nic.mac } } : {}),
    dhcp4: nic.addresses === undefined,
    ...(nic.addresses === undefined ? {} : { addresses: [...nic.addresses] }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(nic.nameservers === undefined ? {} : { nameservers: { addresses: [...nic.nameservers] } }),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The command that makes the disk from a folder of seed files, with either of two programs. */
export function seedIsoArgv(
  program: "genisoimage" | "xorriso",
  folder: string,
  iso: string,
): [string, ...string[]] {
  const program_ =
    program === "xorriso" ? (["xorriso", "-as", "genisoimage"] as const) : (["genisoimage"] as const);
  return [...program_, "-quiet", "-output", iso, "-volid", SEED_LABEL, "-joliet", "-rock", folder];
}
