import { renameSync, writeFileSync } from "node:fs";

/** Replaces a file that another process may be reading: that one sees the old content or the new, never an empty file. */
export function replaceFile(path: string, content: string): void {
  const whole = `${path}.new`;
  writeFileSync(whole, content);
  renameSync(whole, path);
}
