import { gzipSync } from "node:zlib";
import { leastUserDataLimit, secretForms } from "../../targets/lookup.js";
import type { Fault, Path } from "../../understand/fault.js";
import type { Artefact } from "../artefact.js";

/** The smallest limit for user-data of all targets, in bytes before base64. */
export const userDataLimit = leastUserDataLimit();

/**
 * User-data in gzip, which cloud-init decompresses. The header's time is 0 and its operating system "unknown", so that the same text gives
 * the same bytes everywhere; otherwise every run would create a new template version.
 */
export function compressed(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  bytes[9] = 0xff;
  return bytes;
}

/** The size of each part of user-data, compressed separately, in bytes; largest first. */
export interface LedgerLine {
  path: string;
  bytes: number;
  compressedBytes: number;
}

export function sizeLedger(files: readonly Artefact[]): LedgerLine[] {
  return files
    .map(({ path, content }) => ({
      path: `/${path}`,
      bytes: Buffer.byteLength(content),
      compressedBytes: compressed(String(content)).length,
    }))
    .sort((a, b) => b.compressedBytes - a.compressedBytes);
}

/** A fault if user-data is larger than the limit, with the largest part and its place in the fleet file. */
export function sizeFaults(bytes: Buffer, files: readonly Artefact[], hostPath: Path): Fault[] {
  if (bytes.length <= userDataLimit) return [];
  const [biggest] = sizeLedger(files);
  if (!biggest) return [];
  const { path, hint } = originOf(biggest.path, hostPath);
  return [
    {
      path,
      atKey: true,
      message: `makes user-data larger than ${userDataLimit} bytes (gzip, before base64): it has ${bytes.length} bytes, ${biggest.compressedBytes} of them for ${biggest.path}`,
      hint,
    },
  ];
}

/** The part of the fleet file from which a host's file is made. */
function originOf(file: string, hostPath: Path): { path: Path; hint: string } {
  if (file.includes("dispatcher-seed")) {
    return {
      path: ["recorders"],
      hint: "shorten names and attributes, or split the recorders over several fleets",
    };
  }
  if (file.includes("/secrets/")) {
    return {
      path: hostPath,
      hint: `use a reference that the host resolves: "${secretForms("shortForm").at(-1)}"`,
    };
  }
  if (file.includes("/sip-proxy/added")) {
    return { path: hostPath, hint: "add it to the image instead (image.files)" };
  }
  return { path: hostPath, hint: "shorten the list in the fleet file that this file is made from" };
}
