import { z } from "zod";
import { text, type Kind } from "./types.js";

/** A URL as it may stand in the files of apt, Packer and git, which are in the image, where every user of a host reads them. */
export const url = text({
  rule: "a URL starting with http:// or https://, without user and password",
  pattern: /^https?:\/\/([^\s"'\\$@/?#:[\]]+|\[[0-9A-Fa-f:.]+\])(:\d+)?([/?#][^\s"'\\$]*)?$/,
  max: 500,
});

const anyUrl = text({
  rule: "a URL starting with http:// or https://",
  pattern: /^https?:\/\/[^\s"'\\$]+$/,
  max: 500,
});

/** A cloud image of the user's own (qcow2): somewhere, with its SHA-256, or a file, relative to the fleet file. */
export type CloudImage = { url: string; sha256: string } | { path: string };

/** What an image is made from: a Debian release, which sip-proxy makes a base of; an AMI's id; or a cloud image. */
export type Base = string | CloudImage;

const named = text({
  rule: "debian-13, debian-12, or an AMI id",
  pattern: /^(debian-1[23]|ami-[0-9a-f]{8,17})$/,
});

const rule = "debian-13, debian-12, an AMI id, or a cloud image: { url, sha256 } or { path }";

export const base: Kind<Base> = {
  rule,
  json: {
    anyOf: [
      named.json,
      {
        type: "object",
        required: ["url", "sha256"],
        additionalProperties: false,
        properties: { url: { type: "string" }, sha256: { type: "string", pattern: "^[0-9a-f]{64}$" } },
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
      named.schema,
      z.strictObject({
        url: anyUrl.schema.refine((value) => isDownload(value), { error: "a URL without user and password" }),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "64 hex digits, in lower case" }),
      }),
      z.strictObject({ path: z.string().regex(/^\P{Cc}+$/u, { error: "the path of a file" }) }),
    ],
    { error: `${rule} (sha256: 64 hex digits)` },
  ),
};

/** A password would be told to everybody who reads the fleet file, and is of no use: it is not sent. */
function isDownload(value: string): boolean {
  const address = URL.canParse(value) ? new URL(value) : undefined;
  return address !== undefined && address.username === "" && address.password === "";
}

export const isAmi = (value: Base): boolean => typeof value === "string" && value.startsWith("ami-");

/** What reports, manifests and lock files call it: of a cloud image the file's name, never more of a URL, which may be signed. */
export function baseName(value: Base): string {
  if (typeof value === "string") return value;
  const path = "path" in value ? value.path : new URL(value.url).pathname;
  return (
    path
      .split("/")
      .findLast((part) => part !== "")
      ?.replaceAll(/[^\w.+~-]/g, "_") ?? "image"
  );
}
