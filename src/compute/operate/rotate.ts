import { basename } from "node:path";
import type { Artefact } from "../artefact.js";
import { shellQuote } from "../quote/shell.js";

/**
 * The script that writes new secrets on a running host and loads them. If it fails or is interrupted, the earlier ones stay. Only one runs at
 * a time on a host. The script contains the texts and is sent to standard input, so they are no arguments of a program. An incomplete script
 * does nothing. `files`: all files of these secrets that the host will have; paths are relative to /.
 */
function secretsScript(files: readonly Artefact[], names: readonly string[], use: readonly string[]): string {
  const put = files.map(
    ({ path, content }) =>
      `printf %s ${Buffer.from(content).toString("base64")} | base64 -d | write_file 600 - "$root"${shellQuote(`/${path}`)}`,
  );
  const all = names.flatMap((name) => [name, `${name}.ref`]);
  const kept = new Set(files.map(({ path }) => basename(path)));
  const dropped = all.filter((name) => !kept.has(name)).map((name) => `rm -f "$etc/secrets/${name}"`);
  return `rotate() {
set -euo pipefail
. "\${SIP_PROXY_LIB:-/usr/lib/sip-proxy}/common.sh"
. "$lib/secrets.sh"
load_host
mkdir -p "$etc/secrets"
exec {lock}>"$run/rotate.lock"
flock -w 30 "$lock" || { echo 'another rotate runs on this host' >&2; exit 1; }
former=$(mktemp -d "$run/former.XXXXXX")
for name in ${all.join(" ")}; do if [[ -e $etc/secrets/$name ]]; then cp -p "$etc/secrets/$name" "$former/"; fi; done
back() {
	for name in ${all.join(" ")}; do
		if [[ -e $former/$name ]]; then write_file 600 - "$etc/secrets/$name" <"$former/$name"; else rm -f "$etc/secrets/$name"; fi
	done
	use >/dev/null 2>&1 || true
}
use() (
	set -e
	${use.join("\n\t")}
)
status=1
trap 'set +e; if ((status)); then back; fi; rm -rf "$former"' EXIT
trap 'exit 1' HUP INT TERM PIPE
${[...put, ...dropped].join("\n")}
# not in a condition, where set -e counts for nothing
set +e
use
status=$?
exit "$status"
}
rotate
`;
}

/** libpq reads the password file for each connection, so no restart is needed. The line has the same form as in the host's configure. */
const usePassword = [
  'for file in "$etc"/secrets/dbpass_kam*; do fetch_secret "$run/secrets" "$file"; done',
  'pass=$(<"$run/secrets/dbpass_kam")',
  "pass=${pass//\\\\/\\\\\\\\}",
  `printf '*:*:*:%s:%s\\n' "$DBUSER_KAM" "\${pass//:/\\\\:}" | write_file 600 "\${kamailio_user:--}" "$run/pgpass"`,
  "load_database",
  "DATABASE_PATIENCE=10 psql_strict --no-align --tuples-only --command 'SELECT 1' >/dev/null",
];

export function passwordScript(files: readonly Artefact[]): string {
  return secretsScript(files, ["dbpass_kam"], usePassword);
}

/** The script for a certificate. It prints the subject and expiry of the loaded certificate. */
export function certificateScript(files: readonly Artefact[]): string {
  return secretsScript(
    files,
    ["tls_certificate", "tls_private_key", "tls_ca"],
    [
      '"$lib/tls-renew" once',
      'openssl x509 -in "$run/tls/certificate.pem" -noout -subject -enddate | paste -sd " "',
    ],
  );
}
