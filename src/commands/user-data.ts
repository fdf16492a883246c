import { print, printJson, talk } from "../cli/talk.js";
import { sizeLedger, userDataLimit } from "../compute/user-data/size.js";
import { secretReader } from "../do/secrets.js";
import { FaultsError, findHost, loadFleetAndWarn } from "./load-fleet.js";
import { renderHost } from "./render-host.js";

export interface UserDataOptions {
  format: "yaml" | "gzip" | "base64";
  size?: boolean;
  json?: boolean;
}

/** `sip-proxy user-data FLEET NAME`: prints a host's user-data; with --size, the size of each part. */
export function userData(file: string, name: string, options: UserDataOptions): void {
  const { fleet, source } = loadFleetAndWarn(file);
  const rendered = renderHost(fleet, findHost(fleet, name), secretReader(file));
  // sizes are printed even if user-data is too large: that is when they are needed
  if (options.size) printSize(rendered, options.json === true);
  if (rendered.faults.length > 0) throw new FaultsError(rendered.faults, source);
  if (options.size) return;
  if (options.format === "yaml") {
    print(rendered.yaml);
  } else {
    print(options.format === "gzip" ? rendered.bytes : `${rendered.bytes.toString("base64")}\n`);
  }
}

function printSize(
  { bytes, files }: Pick<ReturnType<typeof renderHost>, "bytes" | "files">,
  json: boolean,
): void {
  const parts = sizeLedger(files);
  if (json) {
    printJson({ bytes: bytes.length, limit: userDataLimit, parts });
    return;
  }
  print("compressed  original  file\n");
  for (const { path, bytes: raw, compressedBytes } of parts) {
    print(`${String(compressedBytes).padStart(10)}  ${String(raw).padStart(8)}  ${path}\n`);
  }
  talk.say(`${bytes.length} of ${userDataLimit} bytes (gzip of all, before base64)`);
}
