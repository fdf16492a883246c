import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** Names user-data by its text: the same text may be compressed to other bytes by another version of zlib. */
export function userDataDigest(userData: Uint8Array): string {
  return createHash("sha256").update(gunzipSync(userData)).digest("hex").slice(0, 16);
}
