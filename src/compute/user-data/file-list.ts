import { createHash } from "node:crypto";
import type { Artefact } from "../artefact.js";

/**
 * A list of the files in user-data, so that the host can check at its first boot that they are complete. It has one digest of all contents
 * (only one, because digests do not compress), and the size of each file, to name a truncated one. Readable only by root, because the digest
 * includes secrets.
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
