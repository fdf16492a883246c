# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Secrets as user-data gives them: their text, or a reference. Sourced, after common.sh.

# fetch_secret FOLDER FILE: what FILE (below $etc/secrets) holds or refers to becomes a file of its name in FOLDER.
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
		# into the file only when there is something: an empty secret would look like one
		text=$("$lib/fetch-secret" "$kind" "$id" "$key") || return 1
		printf '%s\n' "$text" | write_file 600 - "$folder/$name"
		;;
	esac
}
