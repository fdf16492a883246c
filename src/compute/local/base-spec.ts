/** What a local base image is made of: the part of its description that a site may change, and the part that it may not. */
export type DebianRelease = "debian-12" | "debian-13";

export interface BaseSpec {
  release: DebianRelease;
  /** The archive's address, http(s) or file:, without a final slash. */
  mirror: string;
  /** The security archive's address; null for a site that mirrors no security suite. */
  securityMirror: string | null;
  /** Packages beyond BASE_PACKAGES. */
  packages: readonly string[];
  /** A base that was made before, by its key; where it is gone, apt's preferences hold a new one to the same packages. */
  held?: { base: string; preferences: string };
  /** Size of the disk that the guest sees, MiB; an overlay may be larger and the root filesystem grows into it at boot. */
  diskMiB: number;
}

const CODENAMES: Record<DebianRelease, string> = { "debian-12": "bookworm", "debian-13": "trixie" };

/** The distribution's own cloud image has these too; without e2fsprogs cloud-init ends in "error" (resize2fs). */
export const BASE_PACKAGES: readonly string[] = [
  "ca-certificates",
  "cloud-guest-utils",
  "cloud-init",
  "dbus",
  "e2fsprogs",
  "libnss-myhostname", // sudo waits ten seconds for DNS when the host's own name does not resolve
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
  /** Must be there: without the release's own suite nothing can be made. */
  required: boolean;
}

/** The suites that a release is made from, the release itself first. */
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

/** apt's sources for the suites, in the deb822 format; they stay in the image, so that a bake uses the same mirror. */
export function aptSources(suites: readonly Suite[]): string {
  const stanzas = suites.map(
    (suite) =>
      `Types: deb\nURIs: ${suite.mirror}\nSuites: ${suite.name}\nComponents: main\nSigned-By: ${ARCHIVE_KEYRING}\n`,
  );
  return stanzas.join("\n");
}

/** The keys of the Debian archive: the same path on the building host (package debian-archive-keyring) and in the image. */
export const ARCHIVE_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

function trimmed(address: string): string {
  return address.replace(/\/+$/, "");
}
