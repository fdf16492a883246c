# shellcheck shell=bash
# What the baking scripts share. Sourced, never run.

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Where the build folder was uploaded to.
# shellcheck disable=SC2034 # those who source this use it
upload=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

step() { printf '== %s\n' "$*"; }

die() {
	printf 'BAKE FAILED: %s\n' "$1" >&2
	exit 1
}

# Mirrors and networks have bad moments; a whole bake should not fail for one.
apt_get() {
	apt-get --quiet --yes -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install_packages() { apt_get install --no-install-recommends "$@"; }

# packages_linked_by FILE...: the packages of the libraries that programs and modules link to, a line each.
packages_linked_by() {
	# scripts are no dynamic executables, and say so
	{ ldd "$@" 2>/dev/null || true; } | awk '/=> \// { print $3 }' | sort -u | xargs -r -n 1 realpath | sort -u |
		while read -r library; do
			# Debian 12's packages still call /usr/lib by its old name, /lib
			dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}"
		done | cut -d: -f1 | sort -u
}

# build WHAT COMMAND...: runs one step of a build; says what was wrong when it fails.
build() {
	local what=$1 log
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 || die "$what does not build: $(grep -m 5 -E '(^|[^a-z_])[Ee]rror[: ]|\*\*\*' "$log" || tail -n 5 "$log")"
	rm -f "$log"
}
