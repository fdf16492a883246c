import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

/** What is in a baked image; written by verify.sh on the builder. */
export interface ImageContents {
  os: string;
  /** Debian's name of the processors; images of former releases, all amd64, do not say. */
  architecture?: string;
  kernel: string;
  kamailio: string;
  mediaRelay: string;
  mediaRelayVersion: string;
  /** Whether the relay's kernel module is there; images of former releases do not say. */
  kernelModule?: boolean;
  cloudInit: string;
  /** Checksum (sha256:…) of the bill of materials in it and beside it; images of former releases have none. */
  sbom?: string;
  usedKiB: number;
  checksums: Record<string, string>;
  packages: Record<string, string>;
}

/** The processors that an image is for. */
export const architectureIn = ({ architecture = "amd64" }: Pick<ImageContents, "architecture">): string =>
  architecture;

/** The media relay, as people are told of it. */
export function relayIn({ mediaRelay, mediaRelayVersion, kernelModule }: ImageContents): string {
  return `${mediaRelay} ${mediaRelayVersion}${kernelModule === true ? " with its kernel module" : ""}`;
}

/** SSM's limit for a parameter of the advanced tier, in bytes. */
const parameterLimit = 8192;

/**
 * The contents as the value of an SSM parameter, so that others than the one who baked can compare images: 230 packages
 * take 3.2 KB. Undefined when they do not fit.
 */
export function packContents(contents: ImageContents): string | undefined {
  const text = brotliCompressSync(JSON.stringify(contents)).toString("base64");
  return text.length <= parameterLimit ? text : undefined;
}

export function unpackContents(value: string): ImageContents {
  return JSON.parse(brotliDecompressSync(Buffer.from(value, "base64")).toString()) as ImageContents;
}
