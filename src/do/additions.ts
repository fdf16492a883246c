import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { namedFiles, type AddedTexts } from "../compute/image/additions.js";
import { UserError } from "../errors.js";
import type { Fault, Path } from "../understand/fault.js";
import type { Image } from "../understand/fleet.js";

/** Reads what `image` names by its path, relative to the fleet file's folder. Throws UserError where one cannot be read. */
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

const armour = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/** What is wrong with the files that `image` names. */
export function additionFaults(image: Image, fleetFile: string): Fault[] {
  const { files, scripts, repositories } = image;
  const faultOf = (at: Path, path: string, rule?: (text: string) => string | undefined): Fault[] => {
    try {
      const text = readNamed(path, fleetFile).toString("latin1");
      const wrong = rule?.(text);
      return wrong === undefined ? [] : [{ path: ["image", ...at], message: wrong }];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [
        { path: ["image", ...at], message: `must be a file: ${error.message}`, hint: error.hint ?? "" },
      ];
    }
  };
  return [
    ...Object.entries(files).flatMap(([name, { path }]) =>
      path === undefined ? [] : faultOf(["files", name, "path"], path),
    ),
    ...scripts.flatMap((path, index) =>
      faultOf(["scripts", index], path, (text) =>
        text.startsWith("#!") ? undefined : "must begin with an interpreter line such as #!/bin/bash",
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
