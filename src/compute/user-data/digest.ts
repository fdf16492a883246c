import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** A digest of user-data's text, not of its bytes: another version of zlib may compress the same text to other bytes. */
export function userDataDigest(userData: Uint8Array): string {
  return createHash("sha256").update(gunzipSync(userData)).digest("hex").slice(0, 16);
}
