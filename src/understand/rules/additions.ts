import type { Fault } from "../fault.js";
import type { Fleet } from "../fleet.js";

/** Folders that the image, or what is sealed of it, does not keep as they are; and why. */
const kept: readonly [pattern: RegExp, why: string, hint: string][] = [
  [
    /^\/(etc\/(sip-proxy|kamailio)|usr\/(lib|share)\/sip-proxy|var\/lib\/sip-proxy)(\/|$)/,
    "belongs to sip-proxy, which replaces the files there",
    "use settings for what is there, or give the file another path",
  ],
  [
    /^\/(proc|sys|dev|run|tmp|var\/(log|tmp|lib\/cloud|lib\/apt\/lists)|root\/\.(ssh|cache))(\/|$)/,
    "is empty when a host boots",
    "give the file another path",
  ],
];

/** Files are added where they stay. */
export function addedFilesStay({ image }: Fleet): Fault[] {
  return Object.keys(image.files).flatMap((path) => {
    const [, why, hint] = kept.find(([pattern]) => pattern.test(path)) ?? [];
    return why === undefined
      ? []
      : [{ path: ["image", "files", path], atKey: true, message: why, ...(hint && { hint }) }];
  });
}

/** A package is named once: with two versions, or two lists of ports, nobody knows which is meant. */
export function addedPackagesAreNamedOnce({ image }: Fleet): Fault[] {
  const names = image.packages.map(({ name }) => name.split("=")[0]);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ path: ["image", "packages", index], message: `${name} is in the list twice` }],
  );
}
