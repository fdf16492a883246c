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
  /** Files that user-data writes; paths are relative to /. */
  files: Artefact[];
  /** The same files with the host's addresses filled in; empty if an address is `auto`. */
  filledIn: Artefact[];
  /** The cloud-config, uncompressed. */
  yaml: string;
  /** What EC2 or NoCloud gets, before base64. */
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
