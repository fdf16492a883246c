# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# What user-data writes, looked at before it is used. Sourced, after common.sh.

# user_data_is_whole [rewritten]. cloud-init writes files in place, and host.env last: a full disk or a power cut leaves some short or empty, as does
# user-data that was cut off. Looked at until they were whole once: what an operator changes later stays. Those that are as long as they should be, and
# that cloud-init has just written (rewritten), are what somebody has made of user-data by hand.
user_data_is_whole() {
	local list=$etc/user-data.list short digest
	if [[ -e $state/user-data-whole ]]; then return 0; fi
	if [[ ! -e $list ]]; then
		# user-data of release 0.1.0, or none
		[[ ! -e $etc/host.env ]] || : >"$state/user-data-whole"
		return
	fi
	short=$(short_files "$list") || return 1
	digest=$(files_of "$list" | xargs -d '\n' cat 2>/dev/null | sha256sum) || true
	if [[ -n $short ]]; then
		say "FAILED: user-data is incomplete on this disk: ${short% }"
	elif [[ $(sed -n 's/^sha256 //p' "$list") != "${digest%% *}" && ${1:-} != rewritten ]]; then
		say "FAILED: user-data is incomplete on this disk: a file differs from user-data"
	else
		# on the disk, before anything says so
		sync -f "$list" && : >"$state/user-data-whole"
		return
	fi
	return 1
}

# Prints those that are shorter than the list has them.
short_files() {
	local size path
	while read -r size path; do
		if [[ $size != sha256 && $(stat -c %s "$root$path" 2>/dev/null || echo 0) -lt $size ]]; then printf '%s ' "$path"; fi
	done <"$1"
}

files_of() { sed -n "s|^[0-9]* /|$root/|p" "$1"; }

# Has cloud-init write the files of the user-data that it has. Fails where it could not.
write_user_data_again() (
	[[ -z $root ]] || return 1
	# for the folders that it makes
	umask 022
	cloud-init single --name write_files --frequency always >/dev/null 2>&1
)
