import { dump } from "js-yaml";
import { generatedNote, type Artefact } from "../artefact.js";

/**
 * A host's user-data as cloud-config: nothing but files. Services start from units of the image, which wait for
 * cloud-init's network stage and then find these files, so that no shell runs from user-data.
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
  // The header must be the first line, or cloud-init does not know the format.
  return `#cloud-config\n${generatedNote()}\n${dump(config, { lineWidth: -1, noRefs: true })}`;
}
