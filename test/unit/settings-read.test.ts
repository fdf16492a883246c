import { join } from "node:path";
import { expect, test } from "vitest";
import { readAssets } from "../../src/do/assets.js";
import type { Rendered } from "../../src/understand/settings/setting.js";
import { settingsTable } from "../../src/understand/settings/table.js";

// Every setting must be read somewhere; otherwise it would have no effect.

const textOf = (folder: string, skip: RegExp) =>
  readAssets(folder)
    .filter(({ path }) => !skip.test(join(folder, path)))
    .map(({ content }) => String(content))
    .join("\n");

const nothing = /$^/;
const source = textOf("src", /^src\/understand\/settings\//);
const kamailio = textOf("templates/rootfs", /settings\.cfg$/).replaceAll(/^#(?!!).*$/gm, "");
const host = textOf("cloud-init/rootfs", nothing).replaceAll(/^\s*#.*$/gm, "");

/** The readers of each place to which settings are rendered. */
const readers: Record<keyof Rendered, string> = {
  define: kamailio,
  substitution: kamailio,
  feature: kamailio,
  variable: host,
};

const settings = settingsTable.flatMap(({ title, settings }) =>
  Object.entries(settings).map(([name, setting]) => ({ title, name, setting })),
);
const mentions = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text);

test.each(settings)("$title: $name is read", ({ name, setting }) => {
  const places = (Object.keys(readers) as (keyof Rendered)[]).flatMap((place) => {
    const there = setting[place];
    return there === undefined ? [] : [{ place, there, read: mentions(readers[place], there) }];
  });
  expect(places.filter(({ read }) => !read)).toEqual([]);
  if (places.length === 0) expect(mentions(source, name), `${name} in src`).toBe(true);
});
