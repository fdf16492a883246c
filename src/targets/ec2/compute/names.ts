import type { Fleet } from "../../../understand/fleet.js";
import { architectures, type Architecture } from "../../../understand/settings/architecture.js";

/** Names under which the project's things are found again in an AWS account. Tags first: a name alone proves nothing. */
export const tagKey = {
  fleet: "sip-proxy:fleet",
  host: "sip-proxy:host",
  /** Digest of the user-data that an instance was made with. */
  userData: "sip-proxy:user-data",
  /** Of an image: names its content, see the bake's key. */
  key: "sip-proxy:key",
  /** Of an image: when it was baked. The same key baked again, later, may have newer packages. */
  baked: "sip-proxy:baked",
  /** Of an instance of no group: it is to drain, see single-host.sh in the image. */
  drain: "sip-proxy:drain",
  kamailio: "sip-proxy:kamailio",
  mediaRelay: "sip-proxy:media-relay",
  os: "sip-proxy:os",
  kernel: "sip-proxy:kernel",
  cloudInit: "sip-proxy:cloud-init",
  base: "sip-proxy:base",
  /** Of an image: checksum of its bill of materials. */
  sbom: "sip-proxy:sbom",
  /** Of an image: the regions that its bake put it in, with spaces between. */
  regions: "sip-proxy:regions",
  /** Of an image: when `image prune --disable` has disabled it. */
  disabled: "sip-proxy:disabled",
  /** Of what others than this tool's commands make and change: who does, such as cloudformation. */
  managedBy: "sip-proxy:managed-by",
  /** Of an autoscaling group: the launch template's version before the last roll. */
  previousVersion: "sip-proxy:previous-version",
} as const;

export const securityGroupName = (fleet: string): string => `sip-proxy-${fleet}`;

/** The instance that an image is baked on. */
export const builderName = (fleet: string): string => `sip-proxy-${fleet}-builder`;

/** Ends names of what is for these processors. What is for amd64 keeps the names that it had before there were others. */
export const architectureSuffix = (architecture: Architecture): string =>
  architecture === "amd64" ? "" : `-${architecture}`;

/** SSM parameter with the id of the promoted AMI for these processors, unless the fleet names another. */
export const usualAmiParameter = (fleet: string, architecture: Architecture): string =>
  `/sip-proxy/${fleet}/ami${architectureSuffix(architecture)}`;

/** SSM parameter with the promoted AMI's id. */
export const amiParameter = ({ name, image }: Pick<Fleet, "name" | "image">): string =>
  image.targets.ec2?.ami_parameter ?? usualAmiParameter(name, image.architecture);

/** All in which images of the fleet may be promoted: those of each architecture. */
export const amiParameters = (fleet: Pick<Fleet, "name" | "image">): string[] => [
  ...new Set([amiParameter(fleet), ...architectures.map((one) => usualAmiParameter(fleet.name, one))]),
];

/** SSM parameter with the AMI that single hosts had before the last roll. */
export const formerAmiParameter = (fleet: string): string => `/sip-proxy/${fleet}/former-ami`;

/** SSM parameter with what is in a baked image, and in its copies in other regions. `baked`: ISO 8601. */
export const contentsParameter = (fleet: string, key: string, baked: string): string =>
  `/sip-proxy/${fleet}/images/${key}-${baked.replaceAll(/[^0-9TZ]/g, "")}`;

/** SSM parameter with the launch permissions that an AMI had before it was disabled, in the AMI's region. */
export const sharesParameter = (fleet: string, ami: string): string => `/sip-proxy/${fleet}/shares/${ami}`;

/** The parameters of any fleet that tell of images, and promote none. */
export const isOwnRecord = (parameter: string): boolean =>
  /^\/sip-proxy\/[^/]+\/(images|shares)\//.test(parameter);
