import { z } from "zod";
import { lacking, text, type Kind } from "./types.js";

/** A URL for files of apt, Packer and git. They are in the image, where every user of a host can read them. */
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

/** The user's own cloud image (qcow2): a URL with its SHA-256, or a file, relative to the fleet file. */
export type CloudImage = { url: string; sha256: string } | { path: string };

/** What an image is based on: a Debian release, an AMI's id, or a cloud image. */
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
    { error: ({ input }) => `${rule} (sha256: 64 hex digits)${lacking(input, "url", "sha256")}` },
  ),
};

/** Whether the URL can be downloaded. A login in it is refused: it would be readable in the fleet file, and is not sent anyway. */
function isDownload(value: string): boolean {
  const address = URL.canParse(value) ? new URL(value) : undefined;
  return address !== undefined && address.username === "" && address.password === "";
}

export const isAmi = (value: Base): boolean => typeof value === "string" && value.startsWith("ami-");

/** The base's name in reports, manifests and lock files. For a cloud image the file name only, since its URL may be signed. */
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
