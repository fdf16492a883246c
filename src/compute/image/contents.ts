import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

/** The contents of a baked image, written by verify.sh on the builder. */
export interface ImageContents {
  os: string;
  /** Debian's name of the architecture. Absent in images of earlier releases, which are all for amd64. */
  architecture?: string;
  kernel: string;
  kamailio: string;
  mediaRelay: string;
  mediaRelayVersion: string;
  /** Whether the image has the relay's kernel module. Absent in images of earlier releases. */
  kernelModule?: boolean;
  cloudInit: string;
  /** Checksum (sha256:…) of its bill of materials. Absent in images of earlier releases. */
  sbom?: string;
  usedKiB: number;
  checksums: Record<string, string>;
  packages: Record<string, string>;
}

/** The architecture of an image. */
export const architectureIn = ({ architecture = "amd64" }: Pick<ImageContents, "architecture">): string =>
  architecture;

/** The media relay, for messages. */
export function relayIn({ mediaRelay, mediaRelayVersion, kernelModule }: ImageContents): string {
  return `${mediaRelay} ${mediaRelayVersion}${kernelModule === true ? " with its kernel module" : ""}`;
}

/** SSM's limit for a parameter of the advanced tier, in bytes. */
const parameterLimit = 8192;

/**
 * The contents as the value of an SSM parameter, so that other machines can compare images: 230 packages need 3.2 KB. Undefined if
 * they do not fit.
 */
export function packContents(contents: ImageContents): string | undefined {
  const text = brotliCompressSync(JSON.stringify(contents)).toString("base64");
  return text.length <= parameterLimit ? text : undefined;
}

export function unpackContents(value: string): ImageContents {
  return JSON.parse(brotliDecompressSync(Buffer.from(value, "base64")).toString()) as ImageContents;
}
