/** The description of a local base image. BaseSpec has the parts that a site may change; constants below are fixed. */
export type DebianRelease = "debian-12" | "debian-13";

export interface BaseSpec {
  release: DebianRelease;
  /** The archive's address, http(s) or file:, without a final slash. */
  mirror: string;
  /** The security archive's address; null for a site that mirrors no security suite. */
  securityMirror: string | null;
  /** Packages in addition to BASE_PACKAGES. */
  packages: readonly string[];
  /** The key of an earlier base. If it is gone, a new one gets the same packages by these apt preferences. */
  held?: { base: string; preferences: string };
  /** Size of the disk in MiB. An overlay may be larger; the root filesystem then grows at boot. */
  diskMiB: number;
}

const CODENAMES: Record<DebianRelease, string> = { "debian-12": "bookworm", "debian-13": "trixie" };

/** Packages that Debian's cloud image also has. Without e2fsprogs (resize2fs), cloud-init ends with "error". */
export const BASE_PACKAGES: readonly string[] = [
  "ca-certificates",
  "cloud-guest-utils",
  "cloud-init",
  "dbus",
  "e2fsprogs",
  "libnss-myhostname", // without it, sudo waits ten seconds for DNS if the host's name does not resolve
  "libnss-resolve",
  "linux-image-cloud-amd64",
  "netplan.io",
  "openssh-server",
  "sudo",
  "systemd-resolved",
  "systemd-sysv",
  "udev",
];

/** The description with every default filled in. */
export function baseSpec(given: Partial<BaseSpec> = {}): BaseSpec {
  return {
    release: given.release ?? "debian-13",
    mirror: trimmed(given.mirror ?? "http://deb.debian.org/debian"),
    securityMirror:
      given.securityMirror === null
        ? null
        : trimmed(given.securityMirror ?? "http://deb.debian.org/debian-security"),
    packages: [...new Set(given.packages ?? [])].sort(),
    diskMiB: given.diskMiB ?? 4096,
    ...(given.held === undefined ? {} : { held: given.held }),
  };
}

/** One suite of an archive. */
export interface Suite {
  mirror: string;
  name: string;
  /** True for the release's main suite, which is always needed. */
  required: boolean;
}

/** The suites of a release, the main suite first. */
export function suitesOf(spec: BaseSpec): Suite[] {
  const name = codename(spec.release);
  const suites: Suite[] = [
    { mirror: spec.mirror, name, required: true },
    { mirror: spec.mirror, name: `${name}-updates`, required: false },
  ];
  if (spec.securityMirror !== null)
    suites.push({ mirror: spec.securityMirror, name: `${name}-security`, required: false });
  return suites;
}

export function codename(release: DebianRelease): string {
  return CODENAMES[release];
}

/** apt sources for the suites, in deb822 format. They stay in the image, so that a bake uses the same mirror. */
export function aptSources(suites: readonly Suite[]): string {
  const stanzas = suites.map(
    (suite) =>
      `Types: deb\nURIs: ${suite.mirror}\nSuites: ${suite.name}\nComponents: main\nSigned-By: ${ARCHIVE_KEYRING}\n`,
  );
  return stanzas.join("\n");
}

/** The keys of the Debian archive, at the same path on this machine (package debian-archive-keyring) and in the image. */
export const ARCHIVE_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

function trimmed(address: string): string {
  return address.replace(/\/+$/, "");
}
