# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Secrets in user-data: their text, or a reference. Sourced, after common.sh.

# fetch_secret FOLDER FILE: writes the secret that FILE (below $etc/secrets) contains or refers to, to a file with its name in FOLDER.
fetch_secret() {
	local folder=$1 file=$2 name kind id key text
	name=$(basename "$file" .ref)
	if [[ $file != *.ref ]]; then
		write_file 600 - "$folder/$name" <"$file"
		return
	fi
	read -r kind id key <"$file"
	case $kind in
	path) write_file 600 - "$folder/$name" <"$id" ;;
	*)
		# writes the file only after success: an empty file would look like a secret
		text=$("$lib/fetch-secret" "$kind" "$id" "$key") || return 1
		printf '%s\n' "$text" | write_file 600 - "$folder/$name"
		;;
	esac
}
