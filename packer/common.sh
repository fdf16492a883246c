# shellcheck shell=bash
# Functions of the baking scripts. Sourced, never run.

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Folder of the uploaded build folder.
# shellcheck disable=SC2034 # those who source this use it
upload=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

step() { printf '== %s\n' "$*"; }

die() {
	printf 'BAKE FAILED: %s\n' "$1" >&2
	exit 1
}

# Runs apt-get with retries, so that a short failure of a mirror or network does not end the bake.
apt_get() {
	apt-get --quiet --yes -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# read_archives: reads the indexes of all archives, also those of image.repositories. By default, apt goes on with a warning without those
# that it cannot read: the image would lack their security updates.
read_archives() {
	apt_get -o APT::Update::Error-Mode=any update ||
		die "apt cannot read all archives (see above): bake again when they can be reached, or correct image.repositories"
}

install_packages() { apt_get install --no-install-recommends "$@"; }

# lock_apt: during the bake, apt prefers the versions of a lock file, and uses mirrors that have them.
lock_apt() {
	[[ -f $upload/sources/locked/preferences ]] || return 0
	install -D -m 644 "$upload/sources/locked/preferences" /etc/apt/preferences.d/sip-proxy-locked
	# the release files of snapshots have expired
	printf 'Acquire::Check-Valid-Until "false";\nAPT::Get::Allow-Downgrades "true";\n' >/etc/apt/apt.conf.d/99sip-proxy-locked
	install -m 644 "$upload/sources/locked/mirrors" /etc/apt/sip-proxy-mirrors
	ask_mirrors 1 2
}

# unlock_apt: resets the image's mirrors to those without a lock file.
unlock_apt() {
	[[ -f /etc/apt/sip-proxy-mirrors ]] || return 0
	ask_mirrors 2 1
	rm /etc/apt/preferences.d/sip-proxy-locked /etc/apt/apt.conf.d/99sip-proxy-locked /etc/apt/sip-proxy-mirrors
}

# ask_mirrors FROM TO: replaces mirrors; FROM and TO are columns of the list of mirrors.
ask_mirrors() {
	local from to
	# shellcheck disable=SC2001 # each of many characters, kept
	literal() { sed 's/[][\.*^$+?(){}|&,]/\\&/g' <<<"$1"; }
	while read -r from to; do
		find /etc/apt -type f \( -path '*/sources.list*' -o -path '*/mirrors/*' \) \
			-exec sed -i -E "s,$(literal "$from")(/?([[:space:]]|$)),$(literal "$to")\\1," {} +
	done < <(awk -v from="$1" -v to="$2" '{ print $from, $to }' /etc/apt/sip-proxy-mirrors)
}

# Programs that GRUB's packages run during upgrades.
# shellcheck disable=SC2034 # those who source this use them
grub_programs=(grub-install grub-probe grub-mkconfig update-grub)

# newest_kernel: prints the kernel that the image boots. (A container as builder runs on the kernel of its machine.)
newest_kernel() { find /boot -maxdepth 1 -name 'vmlinuz-*' -printf '%f\n' | sort -V | tail -n 1 | sed 's/^vmlinuz-//'; }

# tools_of_build: prints the packages of compilers with their versions, one per line.
tools_of_build() {
	local compiler
	compiler=$(dpkg-query -S "$(readlink -f "$(command -v cc)")" | cut -d: -f1)
	dpkg-query -W -f '${Package}\t${Version}\n' "$compiler" binutils libc6-dev make
}

# packages_linked_by FILE...: prints the packages of libraries that programs and modules link to, one per line.
packages_linked_by() {
	# ldd prints an error for scripts
	{ ldd "$@" 2>/dev/null || true; } | awk '/=> \// { print $3 }' | sort -u | xargs -r -n 1 realpath | sort -u |
		while read -r library; do
			# Debian 12's packages still use the old path /lib for /usr/lib
			dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}"
		done | cut -d: -f1 | sort -u
}

# build WHAT COMMAND...: runs one step of a build, and prints its errors if it fails.
build() {
	local what=$1 log
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 || die "$what does not build: $(grep -m 5 -E '(^|[^a-z_])[Ee]rror[: ]|\*\*\*' "$log" || tail -n 5 "$log")"
	rm -f "$log"
}
