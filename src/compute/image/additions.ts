import type { Image } from "../../understand/fleet.js";
import type { AddedPackage, Repository } from "../../understand/settings/additions.js";
import { generatedNote, type Artefact } from "../artefact.js";
import { lockedFolder } from "./locked-archives.js";

/** The texts of files, scripts and keys that `image` names, by path. */
export type AddedTexts = ReadonlyMap<string, Buffer>;

/** The build folder's part for additions to the image. Only `apt` and `packages` are used before packages are installed. */
const folder = "added";

/** Whether packages, or files and scripts, are added. */
export const addsPackages = ({ packages, repositories }: Image) =>
  packages.length > 0 || Object.keys(repositories).length > 0;
export const addsFiles = ({ files, scripts }: Image) => Object.keys(files).length > 0 || scripts.length > 0;
export const addsAnything = (image: Image) => addsPackages(image) || addsFiles(image);

/** Every file that `image` names by its path. */
export function namedFiles({ files, scripts, repositories }: Image): string[] {
  const ofFiles = Object.values(files).flatMap(({ path }) => path ?? []);
  return [...ofFiles, ...scripts, ...Object.values(repositories).map(({ key }) => key)];
}

export function packageName({ name }: AddedPackage): string {
  return name.split("=")[0] ?? name;
}

/** The input files of install-packages.sh and add-files.sh. */
export function additions(image: Image, texts: AddedTexts): Artefact[] {
  const text = (path: string) => texts.get(path) ?? missing(path);
  const { packages, repositories, files, scripts } = image;
  const keys = Object.entries(repositories).flatMap(([name, { key }]) => [
    { path: `apt/sip-proxy-${name}.sources`, content: sources(name, repositories[name]) },
    { path: `apt/sip-proxy-${name}.asc`, content: text(key) },
  ]);
  const contents = Object.values(files).map(({ content, path }, number) => ({
    path: `files/${number}`,
    content: path === undefined ? (content ?? "") : text(path),
  }));
  const list = Object.entries(files).map(([path, { mode, owner }], number) =>
    [number, parseInt(mode, 8).toString(8), owner, `${path}\n`].join("\t"),
  );
  const programs = scripts.map((path, number) => ({
    path: `scripts/${String(number).padStart(2, "0")}-${baseName(path)}`,
    content: text(path),
    mode: 0o755,
  }));
  const all = [
    { path: "packages", content: packages.map(({ name }) => `${name}\n`).join("") },
    ...keys,
    { path: "files.list", content: list.join("") },
    ...contents,
    ...programs,
  ];
  return addsAnything(image) ? all.map((file) => ({ ...file, path: `${folder}/${file.path}` })) : [];
}

/** Whether a file of the build folder determines which packages are installed. */
export const isOfPackages = (path: string) =>
  path === `${folder}/packages` || path.startsWith(`${folder}/apt/`) || path.startsWith(`${lockedFolder}/`);

/** An entry of sources.list(5) in deb822 format. */
function sources(name: string, repository: Repository | undefined): string {
  const { uri = "", suite = "", components = [] } = repository ?? {};
  const lines = [
    generatedNote(),
    "Types: deb",
    `URIs: ${uri}`,
    `Suites: ${suite}`,
    `Components: ${components.join(" ")}`,
    `Signed-By: /etc/apt/keyrings/sip-proxy-${name}.asc`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The last part of a path, reduced to characters that need no quoting in a shell. */
function baseName(path: string): string {
  return (path.split("/").at(-1) ?? "").replaceAll(/[^A-Za-z0-9._-]/g, "_");
}

function missing(path: string): never {
  throw new Error(`${path} was not read`);
}
