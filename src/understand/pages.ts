import { settingsReference } from "./settings-reference.js";

/** A page of the documentation with new generated parts: example fleet files, read by their paths, and the settings reference. */
export function withGeneratedParts(page: string, example: (path: string) => string): string {
  return page
    .replace(
      /(<!-- example: (\S+) -->\n\n```yaml\n)[\s\S]*?(```)/g,
      (_, start: string, path: string, end: string) => start + shown(example(path)) + end,
    )
    .replace(
      /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/,
      (_, start: string, end: string) => `${start}\n${settingsReference()}\n\n${end}`,
    );
}

/** An example as pages show it: without the line that names the schema for editors. */
export const shown = (example: string) => example.replace(/^# yaml-language-server: .*\n/, "");
