#!/usr/bin/env bash
# Lists installed packages and their origin for the image's lock file, while apt still has its lists. Lines, with tabs:
#   package NAME VERSION ARCHITECTURE SOURCE [SHA256 REPOSITORY SUITE FILE]
#   archive REPOSITORY SUITE COMPONENT [KEY]   (the key in base64, unless it is Debian's own)
#   date    DATE                               (when an archive was made)
#   tool    OF NAME VERSION                    (what built something from source)
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "listing packages"
apt_get autoremove --purge
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

archives() {
	apt-get indextargets --format $'$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(FILENAME)\t$(SOURCESENTRY)' 'Created-By: Packages' |
		mirrors_by_name | without_snapshots
}

# without_snapshots: replaces addresses of snapshots by those in the image.
without_snapshots() {
	local mirrors=/etc/apt/sip-proxy-mirrors
	[[ -f $mirrors ]] || mirrors=/dev/null
	awk -F '\t' -v OFS='\t' -v mirrors="$mirrors" '
		BEGIN { while ((getline line <mirrors) > 0) { split(line, pair, " "); usual[pair[2]] = pair[1] } }
		{ uri = $1; sub(/\/$/, "", uri); if (uri in usual) $1 = usual[uri] "/"; print }'
}

# mirrors_by_name: replaces a list of mirrors (apt-transport-mirror(1), used by Debian's cloud images) by its first mirror, because other
# machines do not have the list.
mirrors_by_name() {
	awk -F '\t' -v OFS='\t' '
		$1 ~ /^mirror\+file:/ {
			list = $1
			sub(/^mirror\+file:(\/\/)?/, "", list)
			sub(/\/$/, "", list)
			while ((getline line <list) > 0) if (line ~ /^[a-z]/) { split(line, words, /[ \t]/); $1 = words[1]; break }
			close(list)
		}
		{ print }'
}

# key_of SOURCE: prints the key that a file of apt's sources names, in base64.
key_of() {
	local file
	file=$(sed -nE 's/.*signed-by[=:][[:space:]]*([^] ]+).*/\1/Ip' "$1" | head -n 1)
	[[ ! -f $file || $file == */debian-archive-* ]] || base64 -w 0 "$file"
}

# available: prints one line for each package of the archives, with SHA256 and file at the end.
available() {
	local uri suite list
	while IFS=$'\t' read -r uri suite _ list _; do
		/usr/lib/apt/apt-helper cat-file "$list" | awk -v OFS='\t' -v uri="$uri" -v suite="$suite" '
			/^Package: / { name = $2 } /^Version: / { version = $2 } /^Architecture: / { architecture = $2 }
			/^SHA256: / { sum = $2 } /^Filename: / { file = $2 }
			/^$/ && sum { print name, version, architecture, sum, uri, suite, file; sum = "" }
			END { if (sum) print name, version, architecture, sum, uri, suite, file }'
	done <"$work/archives"
}

archives | sort -u >"$work/archives"
available >"$work/available"
dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\n' |
	awk -F '\t' '$1 == "installed"' | cut -f 2- | sort >"$work/installed"
{
	# only the first archive that has a package is used
	awk -F '\t' -v OFS='\t' '
		FILENAME == ARGV[1] { key = $1 FS $2 FS $3; if (!(key in from)) from[key] = $4 FS $5 FS $6 FS $7; next }
		{ key = $1 FS $2 FS $3; print "package", $0 (key in from ? FS from[key] : "") }' "$work/available" "$work/installed"
	while IFS=$'\t' read -r uri suite component _ entry; do
		printf 'archive\t%s\t%s\t%s\t%s\n' "$uri" "$suite" "$component" "$(key_of "${entry%:*}")"
	done <"$work/archives"
	find /var/lib/apt/lists -name '*Release' -exec sed -n 's/^Date: /date\t/p' {} +
	find /usr/share/sip-proxy -name '*.tools' | sort | while read -r tools; do
		sed "s/^/tool\t$(basename "$tools" .tools)\t/" "$tools"
	done
} >"$upload/packages.tsv"
unlock_apt
