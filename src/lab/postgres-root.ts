import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The tree of a Debian system whose PostgreSQL and pgbouncer are run; this machine's own unless it is set. */
const root = process.env["POSTGRES_ROOT"];

/** The tree's mounts are this process' own; users are this machine's, whose files the programs read. */
const intoTree = `
set -e
for folder in dev proc tmp; do mount --rbind "/$folder" "$1/$folder"; done
for file in passwd group; do mount --bind "/etc/$file" "$1/etc/$file"; done
exec chroot "$@"
`;

/** The words before those that run a program of PostgreSQL's or a pooler's, as the user postgres. */
export const asPostgres: readonly string[] = [
  ...(root === undefined ? [] : ["unshare", "--mount", "sh", "-c", intoTree, "sh", root]),
  ...["runuser", "-u", "postgres", "--"],
];

/** The folder of the newest PostgreSQL's programs, as they are run. */
export function postgresBin(): string {
  const folder = "/usr/lib/postgresql";
  const [newest] = readdirSync(join(root ?? "/", folder)).sort((a, b) => Number(b) - Number(a));
  if (newest === undefined) throw new Error("PostgreSQL is not installed");
  return `${folder}/${newest}/bin`;
}
