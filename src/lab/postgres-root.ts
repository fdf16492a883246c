import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The root of a Debian system with PostgreSQL and pgbouncer; this machine unless it is set. */
const root = process.env["POSTGRES_ROOT"];

/** Mounts in the tree belong to this process. Users are those of this machine, whose files the programs read. */
const intoTree = `
set -e
for folder in dev proc tmp; do mount --rbind "/$folder" "$1/$folder"; done
for file in passwd group; do mount --bind "/etc/$file" "$1/etc/$file"; done
exec chroot "$@"
`;

/** The beginning of a command line that runs a program of PostgreSQL or a pooler as the user postgres. */
export const asPostgres: readonly string[] = [
  ...(root === undefined ? [] : ["unshare", "--mount", "sh", "-c", intoTree, "sh", root]),
  ...["runuser", "-u", "postgres", "--"],
];

/** The folder with the programs of the newest PostgreSQL. */
export function postgresBin(): string {
  const folder = "/usr/lib/postgresql";
  const [newest] = readdirSync(join(root ?? "/", folder)).sort((a, b) => Number(b) - Number(a));
  if (newest === undefined) throw new Error("PostgreSQL is not installed");
  return `${folder}/${newest}/bin`;
}
