import { randomBytes } from "node:crypto";

/** A Via branch with RFC 3261's magic cookie: unique over space and time (8.1.1.7). */
export function newBranch(): string {
  return `z9hG4bK${randomBytes(9).toString("hex")}`;
}

/** A From or To tag: at least 32 bits of randomness (RFC 3261, 19.3). */
export function newTag(): string {
  return randomBytes(6).toString("hex");
}

/** A Call-ID that also names who made it. */
export function newCallId(host: string): string {
  return `${randomBytes(10).toString("hex")}@${host}`;
}
