import { z } from "zod";
import { relayNames } from "../../relay/registry.js";
import { addedFiles, addedPackages, repositories, scripts } from "./additions.js";
import { architectures } from "./architecture.js";
import { base, url } from "./base.js";
import { autoOrFlag, flag, lacking, oneOf, text, type Kind } from "./types.js";
import { optional, withDefault } from "./setting.js";

/** Where source code comes from. It is always pinned, except a local copy: its checksum is written to the manifest. */
export type SourceLocation =
  { url: string; sha256: string } | { git: string; commit: string } | { path: string };

const sourceRule = "one of { url, sha256 }, { git, commit } or { path }";

const sourceLocation: Kind<SourceLocation> = {
  rule: sourceRule,
  json: {
    oneOf: [
      {
        type: "object",
        required: ["url", "sha256"],
        additionalProperties: false,
        properties: { url: {}, sha256: {} },
      },
      {
        type: "object",
        required: ["git", "commit"],
        additionalProperties: false,
        properties: { git: {}, commit: {} },
      },
      {
        type: "object",
        required: ["path"],
        additionalProperties: false,
        properties: { path: { type: "string" } },
      },
    ],
  },
  schema: z.union(
    [
      z.strictObject({ url: url.schema, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      z.strictObject({ git: url.schema, commit: z.string().regex(/^[0-9a-f]{40}$/) }),
      z.strictObject({ path: z.string().min(1, { error: "the path of a folder or archive" }) }),
    ],
    {
      error: ({ input }) =>
        `${sourceRule} (sha256: 64 hex digits, commit: 40; a URL without user and password)${lacking(input, "url", "sha256")}${lacking(input, "git", "commit")}`,
    },
  ),
};

export const imageSettings = {
  base: withDefault(
    base,
    "debian-13",
    "Base of the image: a Debian release; for EC2 an AMI id; for local images a cloud image of your own (qcow2, such as Debian's genericcloud).",
  ),
  architecture: withDefault(
    oneOf(...architectures),
    "amd64",
    "Processor architecture of the image. arm64 is for EC2 (Graviton); local images are amd64.",
  ),
  kamailio_version: withDefault(
    text({
      rule: "distro, a branch such as 6.1, a tag such as 5.8.4, or one of these with the prefix apt: or git:",
      pattern: /^(distro|(apt:)?\d+\.\d+|(git:)?\d+\.\d+(\.\d+)?|git:[A-Za-z0-9][\w./-]{0,63})$/,
    }),
    "distro",
    "Version of Kamailio: `distro` is the package of the base; a branch with packages of the Kamailio project is installed from its apt repository; any other branch or tag is built from source.",
    { role: true },
  ),
  kamailio_source: optional(
    sourceLocation,
    "Source of Kamailio, if kamailio_version is built from source; path as for rtpproxy_source.",
    {
      defaultText: "its git repository, at the branch or tag",
    },
  ),
  rtpproxy_version: withDefault(
    text({ rule: "a tag of RTPProxy such as v3.2.0", pattern: /^v\d+\.\d+(\.\d+)?$/ }),
    "v3.2.0",
    "Release of RTPProxy to build.",
  ),
  rtpproxy_source: optional(
    sourceLocation,
    "Source of RTPProxy. path: a folder with the source, or a .tar.gz with one such folder; relative to the fleet file.",
    {
      defaultText: "its git repository, at the commit of the release",
    },
  ),
  media_relay: withDefault(oneOf(...relayNames()), "rtpproxy", "Media relay in the image.", {
    variable: "MEDIA_RELAY",
  }),
  kernel_forwarding: withDefault(
    autoOrFlag,
    "auto",
    "Whether rtpengine forwards packets in the kernel. `auto`: if its module loads; `true`: hosts are not ready without the module.",
    { variable: "KERNEL_FORWARDING" },
  ),
  unattended_upgrades: withDefault(
    flag,
    false,
    "Whether hosts install Debian's security updates every night, except for Kamailio and the media relay. By default, only a new image has new packages.",
  ),
  debian_mirror: withDefault(
    url,
    "http://deb.debian.org/debian",
    "Debian mirror for the base and its packages.",
  ),
  debian_security_mirror: withDefault(
    url,
    "http://deb.debian.org/debian-security",
    "Mirror of Debian's security updates.",
  ),
  snapshot: optional(
    url,
    "A mirror with earlier states of Debian's archives, such as https://snapshot.debian.org/archive, from which `bake-image --locked` installs the packages of the lock file.",
  ),
  packages: withDefault(
    addedPackages,
    [],
    "Additional Debian packages, and their ports with the networks that EC2 security groups and host_firewall admit.",
  ),
  repositories: withDefault(
    repositories,
    {},
    "Additional apt repositories for these packages, each with its signing key.",
  ),
  files: withDefault(
    addedFiles,
    {},
    "Additional files in the image. All hosts have them: do not put secrets there.",
  ),
  scripts: withDefault(
    scripts,
    [],
    "Programs that run as root during the bake, in this order, after packages and files are installed.",
  ),
};
