import type { Fault, Path } from "../fault.js";
import type { Fleet } from "../fleet.js";
import { placeOf } from "./place-of.js";

/** Units of sip-proxy and their drop-ins. */
const ownUnits = "(kamailio|rtpproxy|rtpengine|sip-proxy)[^/]*\\.(service|timer|path|socket|target|mount)";

/** Folders in which a file would be changed or removed by the bake or on the host, with the reason and a hint. */
const kept: readonly [pattern: RegExp, why: string, hint: string][] = [
  [
    /^\/(etc\/(sip-proxy|kamailio)|usr\/(lib|share)\/sip-proxy|var\/lib\/sip-proxy)(\/|$)/,
    "is in a directory of sip-proxy, which overwrites its files",
    "change this file with the settings of sip-proxy, or use another path",
  ],
  [
    new RegExp(`^/(etc|usr/lib|lib)/systemd/system/${ownUnits}(\\.d/|$)`),
    "changes a unit of sip-proxy",
    "add a unit with another name instead",
  ],
  [
    /^\/etc\/(passwd|shadow|group|gshadow)-?$/,
    "contains the users of the image's services, which do not start without them",
    "add users in a script: image.scripts",
  ],
  [
    /^\/(proc|sys|dev|run|tmp|var\/(log|tmp|lib\/cloud|lib\/apt\/lists)|root\/\.(ssh|cache))(\/|$)/,
    "is in a directory that is emptied before a host boots",
    "use another path",
  ],
];

/** Added files must not be in folders where they would be changed or removed. */
export function addedFilesStay({ image, hosts }: Fleet): Fault[] {
  const ofHosts = hosts.flatMap((host) =>
    Object.keys(host.settings.files).flatMap((path) => strays(path, [...placeOf(host, "files"), path])),
  );
  return [...Object.keys(image.files).flatMap((path) => strays(path, ["image", "files", path])), ...ofHosts];
}

function strays(path: string, at: Path): Fault[] {
  const [, why, hint] = kept.find(([pattern]) => pattern.test(path)) ?? [];
  return why === undefined ? [] : [{ path: at, atKey: true, message: why, ...(hint && { hint }) }];
}

/** Added units must not be units of sip-proxy, and each must be given once. */
export function addedUnitsAreOthers({ hosts }: Fleet): Fault[] {
  return hosts.flatMap((host) =>
    Object.keys(host.settings.units).flatMap((name) => {
      const path = [...placeOf(host, "units"), name];
      if (new RegExp(`^${ownUnits}$`).test(name))
        return [
          { path, atKey: true, message: "is the name of a unit of sip-proxy", hint: "use another name" },
        ];
      const file = `/etc/systemd/system/${name}`;
      return file in host.settings.files
        ? [
            {
              path,
              atKey: true,
              message: `is also given in files, as ${file}`,
              hint: "remove one of the two",
            },
          ]
        : [];
    }),
  );
}

/** Whether a text has a section, as systemd requires of a unit. Units in files are checked when they are read. */
export const isUnit = (text: string): boolean => /^\[[A-Za-z-]+\]\s*$/m.test(text);

export const notAUnit = "must have a section such as [Service]";

export function addedUnitsHaveASection({ hosts }: Fleet): Fault[] {
  return hosts.flatMap((host) =>
    Object.entries(host.settings.units)
      .filter(([, { content }]) => content !== undefined && !isUnit(content))
      .map(([name]) => ({ path: [...placeOf(host, "units"), name, "content"], message: notAUnit })),
  );
}

/** unattended-upgrades must be enabled by its setting: the package alone would also upgrade, and restart, Kamailio. */
export function upgradesAreASetting({ image }: Fleet): Fault[] {
  if (image.unattended_upgrades) return [];
  return image.packages.flatMap(({ name }, index) =>
    name.split("=")[0] === "unattended-upgrades"
      ? [
          {
            path: ["image", "packages", index],
            message: "is installed by a setting, which excludes Kamailio and the media relay from upgrades",
            hint: "set unattended_upgrades: true instead",
          },
        ]
      : [],
  );
}

/** Each package must be given once: with two versions or two lists of ports it would not be clear which one applies. */
export function addedPackagesAreNamedOnce({ image }: Fleet): Fault[] {
  const names = image.packages.map(({ name }) => name.split("=")[0]);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: ["image", "packages", index],
            message: `${name} is in the list twice`,
            hint: "remove one of the two",
          },
        ],
  );
}
