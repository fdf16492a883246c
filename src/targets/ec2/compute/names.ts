import type { Fleet } from "../../../understand/fleet.js";
import { architectures, type Architecture } from "../../../understand/settings/architecture.js";

/** Tags and names by which commands find their resources in an AWS account. Only tags prove ownership; names do not. */
export const tagKey = {
  fleet: "sip-proxy:fleet",
  host: "sip-proxy:host",
  /** Of an instance: digest of its user-data at launch. */
  userData: "sip-proxy:user-data",
  /** Of an image: hash of the bake's inputs, see the bake's key. */
  key: "sip-proxy:key",
  /** Of an image: time of its bake. A later bake with the same key may have newer packages. */
  baked: "sip-proxy:baked",
  /** Of a single host's instance: it must drain, see single-host.sh in the image. */
  drain: "sip-proxy:drain",
  kamailio: "sip-proxy:kamailio",
  mediaRelay: "sip-proxy:media-relay",
  os: "sip-proxy:os",
  kernel: "sip-proxy:kernel",
  cloudInit: "sip-proxy:cloud-init",
  base: "sip-proxy:base",
  /** Of an image: checksum of its bill of materials. */
  sbom: "sip-proxy:sbom",
  /** Of an image: the regions to which its bake has copied it, separated by spaces. */
  regions: "sip-proxy:regions",
  /** Of an image: the time when `image prune --disable` has disabled it. */
  disabled: "sip-proxy:disabled",
  /** Of resources that another tool creates and changes: the name of that tool, such as cloudformation. */
  managedBy: "sip-proxy:managed-by",
  /** Of an autoscaling group: the launch template's version before the last roll. */
  previousVersion: "sip-proxy:previous-version",
} as const;

export const securityGroupName = (fleet: string): string => `sip-proxy-${fleet}`;

/** Name of the instance on which an image is baked. */
export const builderName = (fleet: string): string => `sip-proxy-${fleet}-builder`;

/** End of names for an architecture. It is empty for amd64, the only architecture of earlier releases. */
export const architectureSuffix = (architecture: Architecture): string =>
  architecture === "amd64" ? "" : `-${architecture}`;

/** Default SSM parameter with the id of the promoted AMI for this architecture. */
export const usualAmiParameter = (fleet: string, architecture: Architecture): string =>
  `/sip-proxy/${fleet}/ami${architectureSuffix(architecture)}`;

/** SSM parameter with the promoted AMI's id. */
export const amiParameter = ({ name, image }: Pick<Fleet, "name" | "image">): string =>
  image.targets.ec2?.ami_parameter ?? usualAmiParameter(name, image.architecture);

/** All parameters for promoted images of the fleet, one for each architecture. */
export const amiParameters = (fleet: Pick<Fleet, "name" | "image">): string[] => [
  ...new Set([amiParameter(fleet), ...architectures.map((one) => usualAmiParameter(fleet.name, one))]),
];

/** SSM parameter with the AMI of single hosts before the last roll. */
export const formerAmiParameter = (fleet: string): string => `/sip-proxy/${fleet}/former-ami`;

/** SSM parameter with the contents of a baked image and its copies in other regions. `baked`: ISO 8601. */
export const contentsParameter = (fleet: string, key: string, baked: string): string =>
  `/sip-proxy/${fleet}/images/${key}-${baked.replaceAll(/[^0-9TZ]/g, "")}`;

/** SSM parameter with the launch permissions that an AMI had before it was disabled, in the AMI's region. */
export const sharesParameter = (fleet: string, ami: string): string => `/sip-proxy/${fleet}/shares/${ami}`;

/** Whether a parameter, of any fleet, has data about images without promoting one. */
export const isOwnRecord = (parameter: string): boolean =>
  /^\/sip-proxy\/[^/]+\/(images|shares)\//.test(parameter);
