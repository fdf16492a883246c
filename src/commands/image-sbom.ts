import { basename } from "node:path";
import { print } from "../cli/talk.js";
import { readLockFile } from "../do/bake/lock-file.js";

/** `sip-proxy image sbom LOCK`: prints the bill of materials of the image that has this lock file. */
export async function imageSbom(file: string): Promise<void> {
  const lock = await readLockFile(file);
  const { sbomText } = await import("../compute/image/sbom.js"); // a tenth of a second, for this command alone
  print(sbomText(basename(file, ".lock"), lock));
}
