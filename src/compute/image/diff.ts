import { architectureIn, relayIn, type ImageContents } from "./contents.js";

/** The data of an image for a comparison. For an AMI without a manifest, only the versions in its tags. */
export interface ComparedImage {
  /** Id or path. */
  name: string;
  /** Versions by component: Kamailio, media relay, operating system … */
  versions: Record<string, string>;
  packages: Record<string, string> | undefined;
  checksums: Record<string, string>;
  /** Sizes by name, in the unit of that name (bytes or KiB). */
  sizes: Record<string, number>;
}

export interface Change {
  name: string;
  from: string;
  to: string;
}

export interface ImageDiff {
  from: string;
  to: string;
  versions: Change[];
  /** Undefined if the packages of one image are not known. */
  packages: { added: Record<string, string>; removed: Record<string, string>; changed: Change[] } | undefined;
  checksums: Change[];
  sizes: (Change & { difference: number })[];
}

/** The differences between two images. */
export function diffImages(from: ComparedImage, to: ComparedImage): ImageDiff {
  return {
    from: from.name,
    to: to.name,
    versions: changes(from.versions, to.versions),
    packages: from.packages && to.packages && diffPackages(from.packages, to.packages),
    checksums: changes(from.checksums, to.checksums),
    sizes: Object.keys(to.sizes)
      .filter((name) => from.sizes[name] !== undefined && from.sizes[name] !== to.sizes[name])
      .map((name) => sizeChange(name, from.sizes[name] ?? 0, to.sizes[name] ?? 0)),
  };
}

function sizeChange(name: string, from: number, to: number) {
  return { name, from: String(from), to: String(to), difference: to - from };
}

function diffPackages(from: Record<string, string>, to: Record<string, string>) {
  const only = (these: Record<string, string>, those: Record<string, string>) =>
    Object.fromEntries(Object.entries(these).filter(([name]) => those[name] === undefined));
  const both = (these: Record<string, string>, those: Record<string, string>) =>
    Object.fromEntries(Object.entries(these).filter(([name]) => those[name] !== undefined));
  return { added: only(to, from), removed: only(from, to), changed: changes(both(from, to), both(to, from)) };
}

function changes(from: Record<string, string>, to: Record<string, string>): Change[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names
    .filter((name) => from[name] !== to[name])
    .map((name) => ({ name, from: from[name] ?? "", to: to[name] ?? "" }));
}

/** The versions of an image, by names for people. */
export function versionsOf(contents: ImageContents): Record<string, string> {
  return {
    Kamailio: contents.kamailio,
    "media relay": relayIn(contents),
    "operating system": contents.os,
    kernel: contents.kernel,
    "cloud-init": contents.cloudInit,
    architecture: architectureIn(contents),
  };
}

/** The diff as lines: + added, - removed, ~ changed. */
export function showDiff(diff: ImageDiff): string {
  const changed = ({ name, from, to }: Change) => `~ ${name}: ${from || "(none)"} -> ${to || "(none)"}`;
  const lines = [
    `--- ${diff.from}`,
    `+++ ${diff.to}`,
    ...diff.versions.map(changed),
    ...diff.sizes.map(
      ({ name, from, to, difference }) =>
        `~ ${name}: ${from} -> ${to} (${difference > 0 ? "+" : ""}${difference})`,
    ),
    ...diff.checksums.map((change) => `~ ${change.name} has different content`),
    ...packageLines(diff),
  ];
  return `${(lines.length === 2 ? [...lines, "no difference"] : lines).join("\n")}\n`;
}

function packageLines({ packages }: ImageDiff): string[] {
  if (!packages)
    return ["? packages: this machine does not have the package list of one image, and it is not published"];
  return [
    ...Object.entries(packages.added).map(([name, version]) => `+ package ${name} ${version}`),
    ...Object.entries(packages.removed).map(([name, version]) => `- package ${name} ${version}`),
    ...packages.changed.map(({ name, from, to }) => `~ package ${name}: ${from} -> ${to}`),
  ];
}
