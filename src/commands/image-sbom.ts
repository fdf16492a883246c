import { basename } from "node:path";
import { print } from "../cli/talk.js";
import { readLockFile } from "../do/bake/lock-file.js";

/** `sip-proxy image sbom LOCK`: prints the software bill of materials of the image that has this lock file. */
export async function imageSbom(file: string): Promise<void> {
  const lock = await readLockFile(file);
  const { sbomText } = await import("../compute/image/sbom.js"); // loading the library takes 0.1 s, so only this command imports it
  print(sbomText(basename(file, ".lock"), lock));
}
