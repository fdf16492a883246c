import { renameSync, writeFileSync } from "node:fs";

/** Replaces a file atomically: another process reads either the old or the new content. */
export function replaceFile(path: string, content: string): void {
  const whole = `${path}.new`;
  writeFileSync(whole, content);
  renameSync(whole, path);
}
