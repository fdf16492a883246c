import { settingsReference } from "./settings-reference.js";

/** README.md with its generated parts made anew: the example fleet file and the settings reference. */
export function withGeneratedParts(readme: string, example: string): string {
  return readme
    .replace(
      /(<!-- example: [^>]* -->\n\n```yaml\n)[\s\S]*?(```)/,
      (_, start: string, end: string) => start + example + end,
    )
    .replace(
      /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/,
      (_, start: string, end: string) => `${start}\n${settingsReference()}\n${end}`,
    );
}
