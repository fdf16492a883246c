# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Whether the first boot is over, and what makes cloud-init begin it again. Sourced, after common.sh.

# shellcheck disable=SC2034 # of those that source this
# There once the first boot had room for all that cloud-init writes, and time: logins and host keys are among it, which come after a host's files.
had_room=$state/had-room

# KiB that cloud-init writes of itself and of a host at most.
needed=2048

# Sets free, in KiB: what root can still write.
disk_is_full() {
	free=$(stat --file-system --format '%f %S' "${root:-/}" | awk '{ print int($1 * $2 / 1024) }')
	((free < needed))
}

# All that cloud-init knows of a boot: of a module that has failed it notes that it has run, too, and of an instance that it knows it writes no network.
forget_boot() {
	local cloud=$root/var/lib/cloud
	[[ ! -d $cloud ]] || find "$cloud" -mindepth 1 -maxdepth 1 ! -name seed -exec rm -rf {} +
}
