# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# State of the first boot, and how cloud-init is made to start it again. Sourced, after common.sh.

# shellcheck disable=SC2034 # of those that source this
# Exists after a first boot in which cloud-init could write everything, including logins and host keys, which come after a host's files.
had_room=$state/had-room

# KiB that cloud-init writes at most, for itself and for a host.
needed=2048

# Sets free: space in KiB that root can still use.
disk_is_full() {
	free=$(stat --file-system --format '%f %S' "${root:-/}" | awk '{ print int($1 * $2 / 1024) }')
	((free < needed))
}

# Deletes cloud-init's records of a boot: it also records failed modules as run, and writes no network configuration for a known instance.
forget_boot() {
	local cloud=$root/var/lib/cloud
	[[ ! -d $cloud ]] || find "$cloud" -mindepth 1 -maxdepth 1 ! -name seed -exec rm -rf {} +
}
