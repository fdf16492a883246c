import { posix } from "node:path";
import { BASE_FILES } from "./disk-layout.js";
import { BASE_PACKAGES, codename, type BaseSpec } from "./base-spec.js";

/**
 * Hook of mmdebstrap after the packages are installed; $1: the tree. It removes data that identifies a machine, or the machine that built
 * the tree. mmdebstrap itself empties apt's lists and cache.
 */
export const SEAL = `set -eu
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/var/lib/dbus/machine-id "$1"/var/lib/systemd/random-seed
: > "$1"/etc/machine-id
find "$1"/var/log -type f -size +0 -delete
mv "$1"/etc/apt/sources.list.d/0000debian.sources "$1"/etc/apt/sources.list.d/debian.sources
`;

/** Input files of mmdebstrap are in its working folder, because its hooks split paths at blanks. */
export const SOURCES_FILE = "debian.sources";
export const SEAL_FILE = "seal";

/** apt preferences of a base with the packages of a lock file. */
export const PREFERENCES_FILE = "preferences";
const HOLD = `mkdir -p "$1"/etc/apt/preferences.d "$1"/etc/apt/apt.conf.d &&
cp ${PREFERENCES_FILE} "$1"/etc/apt/preferences.d/sip-proxy-locked &&
echo 'Acquire::Check-Valid-Until "false";' > "$1"/etc/apt/apt.conf.d/sip-proxy-locked`;

const LET_GO = `rm "$1"/etc/apt/preferences.d/sip-proxy-locked "$1"/etc/apt/apt.conf.d/sip-proxy-locked`;

function hold({ held }: BaseSpec): string[] {
  return held === undefined ? [] : [`--setup-hook=${HOLD}`, hook(LET_GO)];
}

/** The command that makes the base image's tree as a tar file. Runs in a folder with SOURCES_FILE, SEAL_FILE and baseFileNames(). */
export function bootstrapBaseArgv(spec: BaseSpec, tar: string) {
  const folders = Object.keys(BASE_FILES).map((path) => `"$1"${posix.dirname(path)}`);
  const uploads = Object.entries(baseFileNames()).map(([path, name]) => hook(`upload ${name} ${path}`));
  return [
    ...bootstrap([...BASE_PACKAGES, ...spec.packages]),
    ...hold(spec),
    hook(`mkdir -p ${folders.join(" ")}`),
    ...uploads,
    hook(`sh ${SEAL_FILE} "$1"`),
    ...target(spec, tar),
  ] as const;
}

/** The command that makes the tree of a build chroot: the same suites, without kernel and boot loader. */
export function bootstrapChrootArgv(spec: BaseSpec, packages: readonly string[], tar: string) {
  return [...bootstrap([...packages]), hook(`sh ${SEAL_FILE} "$1"`), ...target(spec, tar)] as const;
}

/** Names of BASE_FILES in the working folder. */
export function baseFileNames(): Record<string, string> {
  return Object.fromEntries(
    Object.keys(BASE_FILES).map((path) => [path, path.slice(1).replaceAll("/", "_")]),
  );
}

function bootstrap(packages: string[]) {
  const include = packages.length === 0 ? [] : [`--include=${[...new Set(packages)].sort().join(",")}`];
  return ["mmdebstrap", "--variant=apt", "--architectures=amd64", "--format=tar", ...include] as const;
}

function hook(script: string): string {
  return `--customize-hook=${script}`;
}

function target(spec: BaseSpec, tar: string): [string, string, string] {
  return [codename(spec.release), tar, SOURCES_FILE];
}
