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
