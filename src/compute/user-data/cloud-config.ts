import { dump } from "js-yaml";
import { generatedNote, type Artefact } from "../artefact.js";

/**
 * A host's user-data as cloud-config. It contains only files, and runs no shell commands. Units of the image wait for cloud-init's
 * network stage, and then read these files.
 */
export function cloudConfig(files: readonly Artefact[]): string {
  const config = {
    write_files: files.map(({ path, content, mode = 0o644 }) => ({
      path: `/${path}`,
      permissions: `0${mode.toString(8)}`,
      owner: "root:root",
      content: String(content),
    })),
  };
  // cloud-init detects the format by the first line
  return `#cloud-config\n${generatedNote()}\n${dump(config, { lineWidth: -1, noRefs: true })}`;
}
