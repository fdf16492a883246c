import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { namedFiles, type AddedTexts } from "../compute/image/additions.js";
import { UserError } from "../errors.js";
import type { Fault, Path } from "../understand/fault.js";
import type { Fleet, Host, Image } from "../understand/fleet.js";
import { isUnit, notAUnit } from "../understand/rules/additions.js";
import { placeOf } from "../understand/rules/place-of.js";

/** Reads the files that `image` names; paths are relative to the fleet file's folder. Throws UserError if one cannot be read. */
export function readAdditions(image: Image, fleetFile: string): AddedTexts {
  return new Map(namedFiles(image).map((path) => [path, readNamed(path, fleetFile)]));
}

function readNamed(path: string, fleetFile: string): Buffer {
  const file = resolve(dirname(fleetFile), path);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UserError(`cannot read ${file}`, { hint: "the path is relative to the fleet file", cause });
  }
}

/** The fleet with the texts of hosts' `files` and `units` that are given by path. Throws UserError if one cannot be read. */
export function withHostTexts(fleet: Fleet, fleetFile: string): Fleet {
  const read = <T extends { path?: string | undefined }>(all: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(all).map(([name, one]) => [
        name,
        one.path === undefined ? one : { ...one, content: readNamed(one.path, fleetFile).toString() },
      ]),
    );
  const ofHost = (host: Host): Host => {
    const { files, units } = host.settings;
    return { ...host, settings: { ...host.settings, files: read(files), units: read(units) } };
  };
  return { ...fleet, hosts: fleet.hosts.map(ofHost) };
}

const armour = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

type Rule = (text: Buffer) => string | undefined;

/** Faults of the files that the fleet file names. */
export function additionFaults({ image, hosts }: Fleet, fleetFile: string): Fault[] {
  const ofHosts = hosts.flatMap((host) => [
    ...hostFaults(placeOf(host, "files"), host.settings.files, fleetFile, () => undefined),
    ...hostFaults(placeOf(host, "units"), host.settings.units, fleetFile, (text) =>
      isUnit(text.toString()) ? undefined : notAUnit,
    ),
  ]);
  return [...imageFaults(image, fleetFile), ...ofHosts];
}

function hostFaults(
  at: Path,
  added: Record<string, { path?: string | undefined }>,
  fleetFile: string,
  more: Rule,
): Fault[] {
  const rule: Rule = (text) =>
    isUtf8(text) ? more(text) : "must be text (UTF-8); add other files to the image (image.files)";
  return Object.entries(added).flatMap(([name, { path }]) =>
    path === undefined ? [] : faultsOf([...at, name, "path"], path, fleetFile, rule),
  );
}

function faultsOf(at: Path, path: string, fleetFile: string, rule?: Rule): Fault[] {
  try {
    const text = readNamed(path, fleetFile);
    const wrong = rule?.(text);
    return wrong === undefined ? [] : [{ path: at, message: wrong }];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ path: at, message: `must be a file: ${error.message}`, hint: error.hint ?? "" }];
  }
}

function imageFaults({ files, scripts, repositories }: Image, fleetFile: string): Fault[] {
  const faultOf = (at: Path, path: string, rule?: Rule): Fault[] =>
    faultsOf(["image", ...at], path, fleetFile, rule);
  return [
    ...Object.entries(files).flatMap(([name, { path }]) =>
      path === undefined ? [] : faultOf(["files", name, "path"], path),
    ),
    ...scripts.flatMap((path, index) =>
      faultOf(["scripts", index], path, (text) =>
        text.toString("latin1").startsWith("#!")
          ? undefined
          : "must begin with an interpreter line such as #!/bin/bash",
      ),
    ),
    ...Object.entries(repositories).flatMap(([name, { key }]) =>
      faultOf(["repositories", name, "key"], key, (text) =>
        text.includes(armour)
          ? undefined
          : `must be an ASCII-armoured OpenPGP key (${armour}); gpg --enarmor makes one`,
      ),
    ),
  ];
}
