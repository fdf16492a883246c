import { filledIn, hostFiles } from "../compute/host/host-files.js";
import { keyPairFaults } from "../compute/host/key-pair.js";
import type { Reveal } from "../compute/host/secrets.js";
import type { Artefact } from "../compute/artefact.js";
import { cloudConfig } from "../compute/user-data/cloud-config.js";
import { compressed, sizeFaults } from "../compute/user-data/size.js";
import { hostTemplates } from "../do/assets.js";
import type { Fault } from "../understand/fault.js";
import type { Fleet, Host } from "../understand/fleet.js";

/** Everything that is rendered for one host. */
export interface RenderedHost {
  host: Host;
  /** Files that user-data writes, by their path below /. */
  files: Artefact[];
  /** The same as they end up when addresses are known; empty for `auto`. */
  filledIn: Artefact[];
  /** cloud-config, readable. */
  yaml: string;
  /** What is handed to EC2 or NoCloud, before base64. */
  bytes: Buffer;
  faults: Fault[];
}

export function renderHost(fleet: Fleet, host: Host, reveal: Reveal): RenderedHost {
  const files = hostFiles(fleet, host, hostTemplates(), reveal);
  const yaml = cloudConfig(files);
  const bytes = compressed(yaml);
  return {
    host,
    files,
    filledIn: filledIn(files, host),
    yaml,
    bytes,
    faults: [...sizeFaults(bytes, files, host.path), ...keyPairFaults(files, host)],
  };
}
