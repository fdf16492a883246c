import { createHash } from "node:crypto";
import type { Artefact } from "../artefact.js";

/**
 * A list of the files that user-data writes, by which the host knows at its first boot that they are whole: one digest of their contents one
 * after the other (one, because digests do not compress), and the size of each, to name the one that is cut off. For root alone: secrets are
 * in the digest.
 */
export function fileList(files: readonly Artefact[]): Artefact {
  const digest = createHash("sha256");
  for (const { content } of files) digest.update(content);
  const sizes = files.map(({ path, content }) => `${Buffer.byteLength(content)} /${path}`);
  return {
    path: "etc/sip-proxy/user-data.list",
    mode: 0o600,
    content: [`sha256 ${digest.digest("hex")}`, ...sizes, ""].join("\n"),
  };
}
