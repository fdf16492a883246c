import { settingsReference } from "./settings-reference.js";

/** A page of the documentation with new generated parts: example fleet files, read by their paths, and the settings reference. */
export function withGeneratedParts(page: string, example: (path: string) => string): string {
  return page
    .replace(
      /(<!-- example: (\S+) -->\n\n```yaml\n)[\s\S]*?(```)/g,
      (_, start: string, path: string, end: string) => start + example(path) + end,
    )
    .replace(
      /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/,
      (_, start: string, end: string) => `${start}\n${settingsReference()}\n\n${end}`,
    );
}
