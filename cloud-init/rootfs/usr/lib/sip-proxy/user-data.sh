# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Checks the files of user-data before they are used. Sourced, after common.sh.

# user_data_is_whole [rewritten]: whether all files are complete. cloud-init writes files in place, and host.env last; after a full disk, a power cut or
# with truncated user-data, some are short or empty. Checked until they were complete once, so that later changes by an operator stay. With `rewritten`
# (cloud-init has just written them), files with the right sizes are accepted: somebody has edited user-data by hand.
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
		# synced to disk before the mark is set
		sync -f "$list" && : >"$state/user-data-whole"
		return
	fi
	return 1
}

# Prints files that are shorter than in the list.
short_files() {
	local size path
	while read -r size path; do
		if [[ $size != sha256 && $(stat -c %s "$root$path" 2>/dev/null || echo 0) -lt $size ]]; then printf '%s ' "$path"; fi
	done <"$1"
}

files_of() { sed -n "s|^[0-9]* /|$root/|p" "$1"; }

# Lets cloud-init write the files of its user-data again. Fails if it cannot.
write_user_data_again() (
	[[ -z $root ]] || return 1
	# for folders that it creates
	umask 022
	cloud-init single --name write_files --frequency always >/dev/null 2>&1
)
